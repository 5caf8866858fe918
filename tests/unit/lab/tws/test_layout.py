"""Every message the simulated TWS sends is read to its last field by two independent decoders, and every request that
the two clients send is read to its last field by it.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from decimal import Decimal

import pytest

from marketbus.lab.tws import TwsLab
from tests.unit.lab.tws import independent, official
from tests.unit.lab.tws.asking import AAPL, Contract, ExecutionFilter, OrderCancel, contract, order
from tests.unit.lab.tws.official import OfficialClient
from tests.unit.lab.tws.talk import Talk, connect, playing

ALWAYS = {
    *range(1, 14), 15, 17, 21, 46, 49, 52, 53, 54, 55, 57, 58, 59, 61, 62, 63, 64, 71, 72, 73, 74, 75, 76, 79, 80, 81,
    88, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 106,
}  # fmt: skip
HISTORY_END, TIME_IN_MILLIS = 108, 109


@pytest.mark.parametrize("version", [157, 163, 176, 178, 200])
async def test_every_message_is_read_to_its_last_field(version: int) -> None:
    bodies = await everything(version)
    expected = ALWAYS | ({HISTORY_END} if version >= 196 else set()) | ({TIME_IN_MILLIS} if version >= 197 else set())
    assert {int(body.partition(b"\0")[0]) for body in bodies} == expected
    assert [words for body in bodies if (words := official.judge(body, version))] == []
    if version <= 178:
        assert [words for body in bodies if (words := independent.judge(body, version))] == []


@pytest.mark.parametrize("version", [158, 160, 164, 166, 170, 182, 184, 186, 188, 190, 192, 194, 195, 196, 198])
async def test_so_is_every_message_at_each_gate_between(version: int) -> None:
    bodies = await everything(version)
    assert [words for body in bodies if (words := official.judge(body, version))] == []


async def test_at_158_ib_async_reads_no_duration_and_the_official_client_does() -> None:
    orders = [body for body in await everything(158) if body.startswith(b"5\0")]
    assert {official.judge(body, 158) for body in orders} == {""}
    assert {independent.judge(body, 158) for body in orders} == {"message 5: 1 fields left"}


@pytest.mark.parametrize("version", [157, 163, 176, 178])
async def test_every_request_of_ib_async_is_read_to_its_last_field(version: int) -> None:
    async with playing(version=version) as lab:
        talk = await connect(lab)
        talk.write(independent.requests(version))
        talk.say(49, 1)
        await talk.until(49)
        assert lab.bad_requests == []
        await talk.close()


def test_the_judges_see_a_field_too_many_and_a_field_too_few() -> None:
    status = b"3\x001\0Filled\x001\x000\x001.0\x005\x000\x001.0\x007\0\x000\0"
    for judge in (official.judge, independent.judge):
        assert judge(status, 178) == ""
        assert judge(status + b"1\0", 178)
        assert judge(status.removesuffix(b"0\0"), 178)


async def everything(version: int) -> list[bytes]:
    """All that a long conversation brings, as the official client leads it; nothing it asked was misread."""
    async with playing(version=version, money=Decimal(10_000_000)) as lab:
        talk = await connect(lab, client_id=0, offer="v100..226", version=version)
        await talk.until(9)
        for part in (_contracts, _accounts, _market, _history, _orders):
            await part(lab, talk, talk.client)
        assert lab.bad_requests == []
        await talk.close()
        assert talk.heard[0][0] == str(version)
        return talk.bodies[1:]


async def _contracts(lab: TwsLab, talk: Talk, client: OfficialClient) -> None:
    for request, (symbol, sec_type, exchange) in enumerate(
        [
            ("AAPL", "STK", "SMART"), ("ES", "FUT", "CME"), ("AAPL", "OPT", "CBOE"), ("EUR", "CASH", "IDEALPRO"),
            ("BTC", "CRYPTO", "PAXOS"), ("AAPL", "CFD", "SMART"), ("SPX", "IND", "CBOE"), ("ES", "CONTFUT", "CME"),
        ]
    ):  # fmt: skip
        client.reqContractDetails(request, contract(symbol, sec_type, exchange))
    client.reqContractDetails(20, contract("NONE", "STK", "SMART"))
    client.reqSecDefOptParams(21, "AAPL", "", "STK", 265598)
    client.reqMatchingSymbols(22, "AA")
    client.reqMarketRule(26)
    client.reqCurrentTime()
    if client.version >= 197:
        client.reqCurrentTimeInMillis()
    talk.send()
    await talk.until(93)


async def _accounts(lab: TwsLab, talk: Talk, client: OfficialClient) -> None:
    lab.terminal.position("BTC.USD", "0.5", "90000")
    client.reqIds(1)
    client.reqManagedAccts()
    client.setServerLogLevel(2)
    client.reqPositions()
    client.reqPositionsMulti(31, "DU1234567", "")
    client.reqAccountUpdates(True, "DU1234567")
    client.reqAccountUpdatesMulti(32, "DU1234567", "", False)
    client.reqAccountSummary(33, "All", "NetLiquidation,$LEDGER")
    client.reqPnL(34, "DU1234567", "")
    client.reqPnLSingle(35, "DU1234567", "", 479624278)
    client.reqPnLSingle(36, "DU1234567", "", 1)
    talk.send()
    await talk.until(95, 2)
    for cancel, request in ((client.cancelPnL, 34), (client.cancelPnLSingle, 35), (client.cancelAccountSummary, 33)):
        cancel(request)
    client.cancelAccountUpdatesMulti(32)
    talk.send()


async def _market(lab: TwsLab, talk: Talk, client: OfficialClient) -> None:
    client.reqMarketDataType(3)
    client.reqMktDepthExchanges()
    for request, asked in enumerate(
        [
            AAPL, contract("SIE", "STK", "IBIS", "EUR"), contract("SPX", "IND", "CBOE"),
            contract("EUR", "CASH", "IDEALPRO"), contract("BTC", "CRYPTO", "PAXOS"), _option(lab),
            contract("ES", "CONTFUT", "CME"), contract("AAPL", "CFD", "SMART"),
        ],
        100,
    ):  # fmt: skip
        client.reqMktData(request, asked, "233,221,588", False, False, [])
    client.reqMktData(120, AAPL, "", True, False, [])
    client.reqMktDepth(130, AAPL, 5, True, [])
    client.reqMktDepth(131, contract("BTC", "CRYPTO", "PAXOS"), 3, False, [])
    client.reqMktDepth(132, contract("AAPL", "CFD", "SMART"), 3, False, [])
    for request, kind in enumerate(("Last", "AllLast", "BidAsk", "MidPoint"), 140):
        client.reqTickByTickData(request, AAPL, kind, 0, False)
    talk.send()
    await talk.until(80)
    await talk.until(92)
    await lab.burst(30)
    await talk.until(99, 4)
    client.cancelMktData(100)
    client.cancelMktData(999)
    client.cancelMktDepth(130, True)
    client.cancelTickByTickData(140)
    talk.send()


def _option(lab: TwsLab) -> Contract:
    listed = lab.catalogue.options_on(265598)[0]
    option = contract("AAPL", "OPT", "SMART")
    option.conId = listed.con_id
    return option


async def _history(lab: TwsLab, talk: Talk, client: OfficialClient) -> None:
    client.reqHistoricalData(200, AAPL, "", "2 D", "5 mins", "TRADES", 1, 1, True, [])
    client.reqHistoricalData(201, AAPL, "", "1 W", "1 day", "MIDPOINT", 0, 2, False, [])
    client.reqHistoricalTicks(202, AAPL, "20261119-15:00:00", "", 10, "TRADES", 1, True, [])
    client.reqHistoricalTicks(203, AAPL, "", "20261119-15:00:00", 10, "BID_ASK", 1, True, [])
    client.reqHistoricalTicks(204, AAPL, "", "20261119-15:00:00", 10, "MIDPOINT", 1, True, [])
    client.reqHeadTimeStamp(205, AAPL, "TRADES", 1, 1)
    client.cancelHeadTimeStamp(205)
    if client.version >= 165:
        client.reqHistoricalData(206, AAPL, "", "5 D", "1 day", "SCHEDULE", 1, 1, False, [])
    else:  # the official client does not ask before; the layout has no gate
        talk.say(
            20, 206, 265598, *[""] * 3, 0, *[""] * 2, "SMART", *[""] * 4, 0, "", "1 day", "5 D", 1, "SCHEDULE", 1, 0, ""
        )
    talk.send()
    await talk.until(106)
    await lab.step("AAPL", 3)
    await talk.until(90)
    client.cancelHistoricalData(200)
    talk.send()


async def _orders(lab: TwsLab, talk: Talk, client: OfficialClient) -> None:
    client.reqAutoOpenOrders(True)
    parent, child = order("BUY", "LMT", "100", 200.0), order("SELL", "STP LMT", "100", 190.0, 191.0)
    parent.transmit, child.parentId = False, 4
    what_if = order("BUY", "MKT", "10")
    what_if.whatIf, what_if.orderRef = True, "ask"
    client.placeOrder(1, AAPL, order("BUY", "MKT", "10"))
    client.placeOrder(2, AAPL, what_if)
    client.placeOrder(3, contract("BTC", "CRYPTO", "PAXOS"), order("SELL", "LMT", "0.00000123", 95000.0))
    client.placeOrder(4, AAPL, parent)
    client.placeOrder(5, AAPL, child)
    client.placeOrder(6, AAPL, order("SELL", "MKT", "5"))
    client.placeOrder(7, AAPL, order("BUY", "LMT", "1", 1.005))
    client.cancelOrder(3, OrderCancel())
    client.cancelOrder(77, OrderCancel())
    talk.send()
    await talk.until(59, 2)
    lab.terminal.order("AAPL", "buy", 5, 150)
    client.reqOpenOrders()
    client.reqAllOpenOrders()
    client.reqExecutions(300, ExecutionFilter())
    client.reqGlobalCancel(OrderCancel())
    client.reqCompletedOrders(False)
    client.cancelPositions()
    client.cancelPositionsMulti(31)
    client.reqAccountUpdates(False, "DU1234567")
    talk.send()
    await talk.until(102)
