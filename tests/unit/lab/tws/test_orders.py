"""An order's life at the simulated TWS, and who is told of it."""

from decimal import Decimal

import pytest

from marketbus.lab.tws import TwsLab
from tests.system.poll import eventually
from tests.unit.lab.tws.asking import AAPL, ExecutionFilter, Order, OrderCancel, bracket, contract, order
from tests.unit.lab.tws.talk import Talk, connect, playing

BTC = contract("BTC", "CRYPTO", "PAXOS")


def quote(lab: TwsLab, name: str = "AAPL") -> tuple[float, float]:
    tick = lab.feed.latest(lab.terminal.contract(name))
    return tick.bids[0], tick.asks[0]


async def states(talk: Talk, order_id: int) -> list[str]:
    await talk.settled()
    return [status for each, status, _, _ in talk.statuses if each == order_id]


async def test_a_marketable_order_fills_and_its_fill_is_told_in_tws_order() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        wanted = order("BUY", "LMT", "3", quote(lab)[1])
        wanted.orderRef = "mine-1"
        talk.client.placeOrder(1, AAPL, wanted)
        talk.send()
        await talk.settled()
        assert [fields[0] for fields in talk.heard[6:-1]] == ["5", "3", "11", "5", "3", "59"]
        assert talk.statuses == [(1, "PreSubmitted", "0", ""), (1, "Filled", "3", "")]
        (execution,) = talk.of(11)
        assert execution[2] == "1"
        assert execution[18:20] == ["BOT", "3"]
        assert execution[26] == "mine-1"
        (commission,) = talk.of(59)
        assert commission[2] == execution[14]
        assert commission[3:5] == ["1", "USD"]
        await talk.close()


async def test_a_big_order_fills_in_parts_until_nothing_is_left() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.placeOrder(1, AAPL, order("BUY", "MKT", "2000"))
        talk.send()
        await talk.settled()
        for _ in range(20):
            await lab.step("AAPL")
        assert (await states(talk, 1))[-1] == "Filled"
        sizes = [Decimal(fields[19]) for fields in talk.of(11)]
        assert len(sizes) > 1
        assert sum(sizes) == 2000
        assert len({fields[14] for fields in talk.of(11)}) == len(sizes)
        assert [Decimal(fields[24]) for fields in talk.of(11)] == [sum(sizes[: n + 1]) for n in range(len(sizes))]
        assert lab.terminal.books()["positions"] == {"265598": "2000"}
        await talk.close()


async def test_sizes_are_exact() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        for order_id, size in ((1, "0.00000001"), (2, "0.1"), (3, "0.2")):
            talk.client.placeOrder(order_id, BTC, order("BUY", "MKT", size))
        talk.client.reqPositions()
        talk.send()
        await talk.settled()
        await lab.burst(100)
        await talk.settled()
        assert lab.terminal.books()["positions"] == {"479624278": "0.30000001"}
        assert talk.of(61)[-1][14] == "0.30000001"
        await talk.close()


async def test_an_order_away_from_the_market_waits_and_can_be_changed_and_cancelled() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.placeOrder(1, AAPL, order("BUY", "LMT", "10", 150.0))
        talk.client.placeOrder(1, AAPL, order("BUY", "LMT", "12", 151.0))
        talk.client.cancelOrder(1, OrderCancel())
        talk.client.cancelOrder(1, OrderCancel())
        talk.client.cancelOrder(2, OrderCancel())
        talk.send()
        assert await states(talk, 1) == ["PreSubmitted", "Submitted", "Submitted", "Cancelled"]
        assert [fields[14] for fields in talk.of(5)] == ["10", "10", "12", "12"]
        assert talk.codes[3:] == [202, 10148, 10147]
        await talk.close()


@pytest.mark.parametrize(
    ("order_id", "wanted", "code"),
    [
        (1, order("BUY", "LMT", "1", 200.005), 110),
        (1, order("BUY", "LMT", "0.00001", 200.0), 10243),
        (1, order("BUY", "LMT", "0", 200.0), 434),
        (1, order("BUY", "TRAIL", "1", 200.0), 387),
        (1, order("BUY", "LMT", "1000000", 231.0), 201),
    ],
)
async def test_what_is_refused(order_id: int, wanted: Order, code: int) -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.placeOrder(order_id, AAPL, wanted)
        talk.send()
        await talk.settled()
        assert talk.codes[3:] == [code]
        assert await states(talk, 1) == (["Inactive"] if code == 201 else [])
        assert not any(each.live for each in lab.broker.orders)
        await talk.close()


async def test_an_order_id_is_used_once() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.placeOrder(5, AAPL, order("BUY", "MKT", "1"))
        talk.client.placeOrder(4, AAPL, order("BUY", "MKT", "1"))
        talk.client.placeOrder(5, AAPL, order("BUY", "MKT", "2"))
        talk.client.reqIds(1)
        talk.send()
        await talk.settled()
        assert talk.codes[3:] == [103, 104]
        assert talk.of(9)[-1][2] == "6"
        await talk.close()


async def test_an_advisory_does_not_end_an_order() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        lab.terminal.advise(399, "Order Message:\nWarning: your order will not be placed at the exchange until 09:30")
        wanted = order("BUY", "LMT", "10", 150.0)
        wanted.tif = ""
        talk.client.placeOrder(1, AAPL, wanted)
        talk.send()
        assert (await states(talk, 1))[-1] == "Submitted"
        assert talk.codes[3:] == [10349, 399]
        lab.terminal.strike("AAPL", "sell", 10, 150)
        assert (await states(talk, 1))[-1] == "Filled"
        await talk.close()


async def test_a_stop_waits_for_its_price() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        bid, ask = quote(lab)
        talk.client.placeOrder(1, AAPL, order("SELL", "STP", "5", aux=round(bid - 0.02, 2)))
        talk.client.placeOrder(2, AAPL, order("BUY", "STP LMT", "5", round(ask + 1, 2), round(ask + 0.02, 2)))
        talk.send()
        await talk.settled()
        assert {each[1:] for each in talk.statuses} == {("PreSubmitted", "0", "trigger")}
        for _ in range(500):
            await lab.step("AAPL", 20)
            if not any(each.live for each in lab.broker.orders):
                break
        assert (await states(talk, 1))[-1] == "Filled"
        assert (await states(talk, 2))[-1] == "Filled"
        await talk.close()


async def test_a_bracket_is_sent_together_and_one_end_takes_the_other() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        first, *children = bracket(1, "BUY", "10", 150.0, 300.0, 100.0)
        talk.client.placeOrder(1, AAPL, first)
        talk.send()
        await talk.settled()
        assert talk.statuses == []
        for each in children:
            talk.client.placeOrder(each.orderId, AAPL, each)
        talk.send()
        await talk.settled()
        assert [(each[0], each[1], each[3]) for each in talk.statuses] == [
            (1, "PreSubmitted", ""), (1, "Submitted", ""), (2, "PreSubmitted", "child"),
            (3, "PreSubmitted", "child,trigger"),
        ]  # fmt: skip
        lab.terminal.strike("AAPL", "sell", 10, 150)
        await talk.settled()
        assert (await states(talk, 1))[-1] == "Filled"
        assert (await states(talk, 2))[-1] == "Submitted"
        assert (await states(talk, 3))[-1] == "PreSubmitted"
        lab.terminal.strike("AAPL", "buy", 10, 300)
        assert (await states(talk, 2))[-1] == "Filled"
        assert (await states(talk, 3))[-1] == "Cancelled"
        assert lab.terminal.books()["positions"] == {}
        await talk.close()


async def test_a_cancelled_parent_takes_its_children_along() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        for each in bracket(1, "BUY", "10", 150.0, 300.0, 100.0):
            talk.client.placeOrder(each.orderId, AAPL, each)
        talk.client.cancelOrder(1, OrderCancel())
        talk.send()
        assert [(await states(talk, number))[-1] for number in (1, 2, 3)] == ["Cancelled"] * 3
        await talk.close()


async def test_a_what_if_tells_margin_and_commission_and_leaves_nothing() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        asked = order("BUY", "LMT", "100", 200.0)
        asked.whatIf = True
        talk.client.placeOrder(1, AAPL, asked)
        talk.send()
        await talk.settled()
        (told,) = talk.of(5)
        place = told.index("PreSubmitted")
        before, change, after = (Decimal(told[place + n]) for n in (1, 4, 7))
        assert before + change == after
        assert change == 100 * lab.broker.accounts["DU1234567"].last(lab.terminal.contract("AAPL")) / 2
        assert told[place + 10 : place + 14] == ["1", "", "", "USD"]
        assert talk.statuses == []
        assert lab.broker.orders == []
        await talk.close()


async def test_orders_and_fills_outlive_the_connection() -> None:
    async with playing() as lab:
        talk = await connect(lab, 7)
        wanted = order("BUY", "LMT", "10", 150.0)
        wanted.orderRef = "mine-2"
        talk.client.placeOrder(1, AAPL, wanted)
        talk.client.placeOrder(2, AAPL, order("BUY", "MKT", "1"))
        talk.send()
        await talk.settled()
        await talk.close()
        await eventually(lambda: not lab.clients, "the client gone")
        lab.terminal.strike("AAPL", "sell", 4, 150)

        other, again = await connect(lab, 8), await connect(lab, 7)
        for each in (other, again):
            each.client.reqOpenOrders()
            each.client.reqExecutions(9, ExecutionFilter())
            each.client.reqCompletedOrders(False)
            each.send()
            await each.until(102)
        assert again.of(9)[0][2] == "3"
        assert [(fields[1], fields[23]) for fields in again.of(5)] == [("1", "mine-2")]
        assert again.statuses == [(1, "Submitted", "4", "")]
        assert [fields[19] for fields in again.of(11)] == ["1", "4"]
        assert len(again.of(59)) == 2
        assert len(again.of(101)) == 1
        assert other.of(5) == []
        other.client.reqAllOpenOrders()
        other.send()
        await other.until(5)
        assert [(fields[1], fields[24]) for fields in other.of(5)] == [("1", "7")]
        for each in (other, again):
            await each.close()


async def test_an_order_from_the_terminal_is_client_zeros_once_it_binds() -> None:
    async with playing() as lab:
        zero, other = await connect(lab, 0), await connect(lab, 5)
        for each in (zero, other):
            each.client.reqPositions()
            each.send()
            await each.settled()
        told = lab.terminal.order("AAPL", "buy", 2, 150, ref="by hand")
        assert told["status"] == "Submitted"
        zero.client.reqAutoOpenOrders(True)
        zero.send()
        await zero.until(100)
        assert zero.of(100) == [["100", str(told["perm_id"]), "0", "-1"]]
        lab.terminal.strike("AAPL", "sell", 2, 150)
        assert (await states(zero, -1))[-1] == "Filled"
        await other.settled()
        assert other.statuses == []
        assert other.of(61)[-1][14] == "2"
        for each in (zero, other):
            await each.close()


async def test_global_cancel_is_everybodys() -> None:
    async with playing() as lab:
        one, two = await connect(lab, 1), await connect(lab, 2)
        one.client.placeOrder(1, AAPL, order("BUY", "LMT", "10", 150.0))
        one.send()
        await one.settled()
        two.client.reqGlobalCancel(OrderCancel())
        two.send()
        await two.settled()
        assert (await states(one, 1))[-1] == "Cancelled"
        for each in (one, two):
            await each.close()


async def test_while_ib_is_lost_orders_stay_and_what_happened_is_told_when_it_is_back() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.placeOrder(1, AAPL, order("BUY", "LMT", "10", 150.0))
        talk.send()
        await talk.settled()
        lab.outages.connectivity("lost")
        lab.terminal.strike("AAPL", "sell", 10, 150)
        talk.client.placeOrder(2, AAPL, order("BUY", "MKT", "1"))
        talk.send()
        assert await states(talk, 2) == ["PendingSubmit"]
        assert (await states(talk, 1))[-1] == "Submitted"
        assert talk.of(11) == []
        lab.outages.connectivity("restored")
        assert (await states(talk, 1))[-1] == "Filled"
        assert (await states(talk, 2))[-1] == "Filled"
        assert len(talk.of(11)) == 2
        await talk.close()


async def test_what_is_not_there_at_once_is_not_waited_for() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        ask = quote(lab)[1]
        offered = lab.feed.latest(lab.terminal.contract("AAPL")).ask_lots[0]
        for order_id, tif in ((1, "FOK"), (2, "IOC")):
            wanted = order("BUY", "LMT", str(offered + 5), ask)
            wanted.tif = tif
            talk.client.placeOrder(order_id, AAPL, wanted)
        talk.send()
        await talk.settled()
        assert [each for each in talk.statuses if each[1] == "Cancelled"] == [
            (1, "Cancelled", "0", ""), (2, "Cancelled", str(offered), ""),
        ]  # fmt: skip
        assert talk.codes[3:] == [202, 202]
        await talk.close()


async def test_of_one_group_only_one_is_filled() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        for order_id, price in ((1, 150.0), (2, 140.0), (3, 130.0)):
            wanted = order("BUY", "LMT", "10", price)
            wanted.ocaGroup, wanted.ocaType = "either", 1
            talk.client.placeOrder(order_id, AAPL, wanted)
        talk.send()
        await talk.settled()
        lab.terminal.strike("AAPL", "sell", 4, 150)
        assert [(await states(talk, number))[-1] for number in (1, 2, 3)] == ["Submitted", "Cancelled", "Cancelled"]
        await talk.close()


async def test_what_one_end_of_a_bracket_gets_the_other_end_loses() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        for each in bracket(1, "BUY", "10", 150.0, 300.0, 100.0):
            talk.client.placeOrder(each.orderId, AAPL, each)
        talk.send()
        await talk.settled()
        lab.terminal.strike("AAPL", "sell", 10, 150)
        lab.terminal.strike("AAPL", "buy", 4, 300)
        await talk.settled()
        left = {each["order_id"]: (each["status"], each["quantity"]) for each in lab.terminal.books()["orders"]}
        assert left == {1: ("Filled", "10"), 2: ("Submitted", "10"), 3: ("PreSubmitted", "6")}
        await talk.close()


async def test_a_partly_filled_order_shrinks_no_further_than_it_is_filled() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.placeOrder(1, AAPL, order("BUY", "LMT", "10", 150.0))
        talk.send()
        await talk.settled()
        lab.terminal.strike("AAPL", "sell", 4, 150)
        talk.client.placeOrder(1, AAPL, order("BUY", "LMT", "3", 150.0))
        talk.client.placeOrder(1, AAPL, order("SELL", "LMT", "10", 150.0))
        talk.client.placeOrder(1, AAPL, order("BUY", "LMT", "6", 149.0))
        talk.send()
        await talk.settled()
        assert talk.codes[3:] == [321, 105]
        lab.terminal.strike("AAPL", "sell", 10, 149)
        await talk.settled()
        assert talk.statuses[-1] == (1, "Filled", "6", "")
        await talk.close()
