"""Scripted faults between the counter and an SDK: what is heard changes, the books do not."""

import asyncio
import random

import pytest

from marketbus.lab.ctp_family import CounterLab, LabControl, codes, frame
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.errors import LabError
from marketbus.lab.trading import State
from tests.unit.lab.counter_client import running
from tests.unit.lab.test_trading import prices
from tests.unit.lab.trading_client import Trader


async def sent(lab: CounterLab, layout: Layout) -> tuple[Trader, float]:
    """A session that has sent an order that fills at once, and its price."""
    trader = await Trader.ready(lab, layout)
    _, ask = prices(lab)
    trader.order(price=ask)
    return trader, ask


@pytest.mark.parametrize(
    ("step", "action", "told"),
    [
        ("OnRtnOrder:filled", "drop", ["a", "trade"]),
        ("OnRtnTrade", "duplicate", ["a", "0", "trade", "trade"]),
        ("OnRtnOrder:filled", "reorder", ["a", "trade", "0"]),
        ("OnRtnTrade", "reorder", ["a", "0", "trade"]),  # nothing overtakes it: it comes a little later
        ("OnRtn*", "delay", ["a", "0", "trade"]),
        ("ReqOrderInsert", "delay", ["a", "0", "trade"]),
        ("ReqOrderInsert", "duplicate", ["a", "0", "trade", "OnRspOrderInsert 22", "OnErrRtnOrderInsert 22"]),
    ],
)
async def test_callbacks_go_wrong_and_the_books_stay_right(
    layout: Layout, step: str, action: str, told: list[str]
) -> None:
    async with running(layout) as lab:
        lab.terminal.fault(step, action, ms=50)
        trader, ask = await sent(lab, layout)
        await trader.hear(*(f"trade 1@{ask:g}" if each == "trade" else each for each in told))
        books = lab.terminal.books()
        assert [order["state"] for order in books["orders"]] == ["filled"]
        assert [trade["volume"] for trade in books["trades"]] == [1]
        assert lab.terminal.heal() == 1


async def test_what_was_dropped_is_in_the_replay(layout: Layout) -> None:
    async with running(layout) as lab:
        lab.terminal.fault("On*", "drop", count=0)
        trader, ask = await sent(lab, layout)
        await trader.silence()
        assert trader.story == []
        lab.terminal.heal()
        await (await Trader.ready(lab, layout)).hear("a", "0", f"trade 1@{ask:g}")


async def test_the_sdk_dies_between_the_counters_receipt_and_its_answer(layout: Layout) -> None:
    async with running(layout) as lab:
        lab.terminal.fault("ReqOrderInsert", "crash")
        trader, ask = await sent(lab, layout)
        await trader.hear("a", "0", f"trade 1@{ask:g}")  # a real SDK is dead by then
        numbers = [each.message for each in trader.frames]
        assert numbers.index(frame.CRASH) < numbers.index(layout.messages["td"].callback("OnRtnOrder")[0])


@pytest.mark.parametrize(
    ("step", "action", "heard"),
    [("OnRtnOrder:filled", "cut", ["a"]), ("ReqOrderInsert", "cut", [])],
)
async def test_the_line_breaks_and_the_order_lives(layout: Layout, step: str, action: str, heard: list[str]) -> None:
    async with running(layout) as lab:
        lab.terminal.fault(step, action)
        trader, ask = await sent(lab, layout)
        assert await trader.ended()
        assert [order["state"] for order in lab.terminal.books()["orders"]] == ["filled"]
        await (await Trader.ready(lab, layout)).hear("a", "0", f"trade 1@{ask:g}")


async def test_faults_take_their_turn_their_user_and_their_count(layout: Layout) -> None:
    async with running(layout) as lab:
        lab.terminal.fault("OnRtnTrade", "drop", count=2, skip=1)
        lab.terminal.fault("OnRtnTrade", "duplicate", count=0, user="somebody else")
        trader = await Trader.ready(lab, layout)
        bid, _ = prices(lab)
        trader.order(price=bid - 5, volume=4)
        await trader.hear("a", "3")
        for _ in range(4):
            lab.terminal.strike("rb2701", "sell", 1, bid - 5)
        fill = f"trade 1@{bid - 5:g}"
        await trader.hear("a", "3", "1", fill, "1", "1", "0", fill)


async def test_the_way_to_the_venue_takes_its_time(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        _, ask = prices(lab)
        lab.terminal.venue(hold=True)
        one = trader.order(price=ask)
        trader.cancel(one)
        trader.order(price=ask)
        await trader.hear("a", "a")
        assert lab.terminal.venue() == 3
        assert [order["state"] for order in lab.terminal.books()["orders"]] == ["submitted", "submitted"]
        lab.terminal.venue(hold=False)
        fill = f"trade 1@{ask:g}"
        await trader.hear("a", "a", "0", fill, "OnErrRtnOrderAction 26", "0", fill)
        lab.terminal.venue(delay_ms=20)
        begin = asyncio.get_running_loop().time()
        trader.order(price=ask)
        await trader.hear(*trader.story, "a", "0", fill)
        assert asyncio.get_running_loop().time() - begin >= 0.02


async def test_orders_are_refused_as_a_test_says(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        lab.terminal.reject_orders(31)
        trader.order(price=3000)
        lab_story = ["OnRspOrderInsert 31", "OnErrRtnOrderInsert 31"]
        await trader.hear(*lab_story)
        lab.terminal.reject_orders(venue=True)
        trader.order(price=prices(lab)[1])
        await trader.hear(*lab_story, "a", "5")
        assert trader.told[-1][2]["OrderSubmitStatus"] == "4"
        lab.terminal.reject_orders()
        trader.order(price=prices(lab)[1])
        await trader.hear(*lab_story, "a", "5", "a", "0", f"trade 1@{prices(lab)[1]:g}")


async def test_an_ignored_request_never_reached_the_counter(layout: Layout) -> None:
    async with running(layout) as lab:
        lab.ignore("ReqOrderInsert")
        trader, _ = await sent(lab, layout)
        await trader.silence()
        assert (trader.story, lab.terminal.books()["orders"]) == ([], [])


async def test_the_control_port_trades_and_refuses_in_words(layout: Layout) -> None:
    async with running(layout) as lab:
        bid, ask = prices(lab)

        def talk() -> list[str]:
            errors: list[str] = []
            with LabControl.at(lab.addresses["control"]) as control:
                for command, arguments in (
                    ("books", {}),
                    ("order", {"instrument": "rb2701", "direction": "up", "volume": 1, "price": ask, "user": "1"}),
                    ("cancel", {"exchange": "SHFE", "order_sys_id": "7"}),
                    ("fault", {"step": "OnRtnTrade", "action": "eat"}),
                    ("position", {"instrument": "zz", "direction": "long", "volume": 1, "user": "1"}),
                ):
                    with pytest.raises(LabError) as caught:
                        control.call(command, **arguments)
                    errors.append(str(caught.value))
                order = control.order("rb2701", "buy", 2, price=bid - 9, user="1")
                assert order["state"] == "queueing"
                assert control.strike("rb2701", "sell", 1, price=bid - 9) == 1
                control.cancel("SHFE", order["order_sys_id"])
                books = control.books("1")
                assert [(each["state"], each["traded"]) for each in books["orders"]] == [("cancelled", 1)]
                control.deposit(-1000, user="1")
                control.position("rb2701", "short", 4, yesterday=True, user="1")
                control.fault("OnRtnTrade", "drop")
                assert control.heal() == 0
                assert control.venue(delay_ms=0) == 0
                control.reject_orders(15)
                with pytest.raises(LabError, match=r"\[50\] CTP:平今仓位不足"):
                    control.order("rb2701", "buy", 1, price=ask, offset="close_today", user="1")
            return errors

        errors = await asyncio.to_thread(talk)
        assert "nobody has logged in yet" in errors[0]
        assert "'up'" in errors[1]
        assert "no order 7 at SHFE" in errors[2]
        assert "one of delay, drop" in errors[3]
        assert "'zz'" in errors[4]
        positions = lab.terminal.books()["positions"]
        assert {(each["direction"], each["volume"]) for each in positions} == {("long", 1), ("short", 4)}


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_went_wrong_a_replay_tells_the_books(layout: Layout, seed: int) -> None:
    """Orders, cancels, another terminal, other participants and faults at random; then somebody logs in and listens."""
    dice = random.Random(seed)
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        bid, _ = prices(lab)
        sent: list[str] = []
        for _ in range(60):
            step = dice.choice(["OnRtnOrder:*", "OnRtnTrade", "OnErr*", "ReqOrderInsert", "ReqOrderAction"])
            match dice.randrange(7):
                case 0 | 1 | 2:
                    sent.append(trader.order(price=bid + dice.randrange(-4, 5), volume=dice.randrange(1, 6)))
                case 3 if sent:
                    trader.cancel(dice.choice(sent))
                case 4:
                    action = dice.choice(["drop", "duplicate"] + ["delay", "reorder"] * step.startswith("On"))
                    lab.terminal.fault(step, action, ms=1, skip=dice.randrange(3))
                case 5:
                    direction = dice.choice(["buy", "sell"])
                    lab.terminal.strike("rb2701", direction, dice.randrange(1, 9), bid + dice.randrange(-4, 5))
                case _:
                    lab.terminal.order("rb2701", dice.choice(["buy", "sell"]), 1, bid + dice.randrange(-4, 5))
            await asyncio.sleep(0)
        await trader.silence()
        assert lab.terminal.heal() > 0
        listener = await Trader.ready(lab, layout)
        await listener.silence()
        books = lab.terminal.books()
        orders = {
            (data["SessionID"], data["OrderRef"].strip()): (data["OrderStatus"], data["VolumeTraded"])
            for name, _, data in listener.told
            if name == "OnRtnOrder"
        }
        assert orders == {
            (order["session"], order["ref"]): (codes.STATES[State(order["state"])], order["traded"])
            for order in books["orders"]
        }
        trades = [data for name, _, data in listener.told if name == "OnRtnTrade"]
        assert [(data["TradeID"].strip(), data["Volume"]) for data in trades] == [
            (trade["trade_id"], trade["volume"]) for trade in books["trades"]
        ]
        net = sum(data["Volume"] * (1 if data["Direction"] == "0" else -1) for data in trades)
        assert net == sum(each["volume"] * (1 if each["direction"] == "long" else -1) for each in books["positions"])
        numbers = [each.sequence for each in listener.frames if each.sequence]
        assert numbers == list(range(1, len(numbers) + 1))
