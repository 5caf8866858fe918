"""What the simulated TWS tells of positions and money."""

from decimal import Decimal

from tests.unit.lab.tws.asking import AAPL, contract, order
from tests.unit.lab.tws.talk import Talk, connect, playing

ACCOUNT = "DU1234567"


async def bought(talk: Talk, quantity: str = "10") -> None:
    talk.client.placeOrder(1, AAPL, order("BUY", "MKT", quantity))
    talk.send()
    await talk.settled()


async def test_account_updates_tell_values_and_positions_and_change_with_a_fill() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.reqAccountUpdates(True, ACCOUNT)
        talk.send()
        await talk.until(54)
        values = {(fields[2], fields[4]): fields[3] for fields in talk.of(6)}
        assert values["NetLiquidation", "USD"] == values["CashBalance", "BASE"] == "1000000"
        assert values["AccountReady", ""] == "true"
        assert talk.of(7) == []
        await bought(talk)
        (held,) = talk.of(7)
        price, value, cost, unrealised, realised = map(Decimal, held[14:19])
        assert held[2:5] == ["265598", "AAPL", "STK"]
        assert held[13] == "10"
        assert value == price * 10
        assert abs((price - cost) * 10 - unrealised) < Decimal("0.01")
        assert realised == 0
        talk.client.reqAccountUpdates(False, ACCOUNT)
        talk.client.placeOrder(2, AAPL, order("SELL", "MKT", "10"))
        talk.send()
        await talk.settled()
        assert len(talk.of(7)) == 1
        await talk.close()


async def test_summaries_give_what_was_asked_for_and_two_at_a_time() -> None:
    async with playing(accounts=("DU1", "DU2")) as lab:
        talk = await connect(lab)
        for request, tags in enumerate(("NetLiquidation,BuyingPower", "$LEDGER", "NetLiquidation"), 1):
            talk.client.reqAccountSummary(request, "All", tags)
        talk.send()
        await talk.settled()
        told = [(fields[3], fields[4]) for fields in talk.of(63) if fields[2] == "1"]
        assert told == [(account, key) for account in ("DU1", "DU2") for key in ("NetLiquidation", "BuyingPower")]
        assert {fields[4] for fields in talk.of(63) if fields[2] == "2"} >= {"CashBalance", "RealizedPnL"}
        assert talk.codes[3:] == [322]
        await talk.close()


async def test_profit_and_loss_are_the_accounts_and_a_positions() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        await bought(talk)
        talk.client.reqPnL(1, ACCOUNT, "")
        talk.client.reqPnLSingle(2, ACCOUNT, "", 265598)
        talk.client.reqPnLSingle(3, ACCOUNT, "", 272093)
        talk.client.reqPnL(4, "DU9", "")
        talk.send()
        await talk.settled()
        (daily, unrealised, realised) = map(Decimal, talk.of(94)[0][2:])
        single, none = talk.of(95)
        assert daily == unrealised == Decimal(single[4])
        assert (realised, single[2], none[2]) == (0, "10", "0")
        assert talk.codes[3:] == [321]
        talk.client.placeOrder(2, AAPL, order("SELL", "MKT", "10"))
        talk.send()
        await talk.settled()
        (daily, unrealised, realised) = map(Decimal, talk.of(94)[-1][2:])
        assert daily == realised
        assert realised < 0
        assert unrealised == 0
        await talk.close()


async def test_positions_are_net_and_go_on_being_told() -> None:
    async with playing() as lab:
        lab.terminal.position("ESZ6", "2", "6000")
        talk = await connect(lab)
        talk.client.reqPositions()
        talk.client.reqPositionsMulti(1, ACCOUNT, "")
        talk.send()
        await talk.until(72)
        assert [fields[5:6] + fields[14:16] for fields in talk.of(61)] == [["FUT", "2", "300000"]]
        future = contract("", "", "CME", "", con_id=int(talk.of(61)[0][3]))
        talk.client.placeOrder(1, future, order("SELL", "MKT", "3"))
        talk.send()
        await talk.settled()
        assert [fields[14] for fields in talk.of(61)] == ["2", "-1"]
        assert [fields[15] for fields in talk.of(71)] == ["2", "-1"]
        await talk.close()
