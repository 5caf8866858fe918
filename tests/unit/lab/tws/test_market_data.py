"""Streams of the simulated TWS: what is told, to the last tick, and what stops it."""

# pyright: reportUnknownMemberType=false

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from marketbus.lab.errors import LabError
from marketbus.lab.tws import TwsLab, TwsOptions
from tests.system.poll import eventually
from tests.unit.lab.tws.asking import AAPL, contract
from tests.unit.lab.tws.talk import Talk, connect, playing

BTC = contract("BTC", "CRYPTO", "PAXOS")
SIE = contract("SIE", "STK", "SMART", "EUR")


async def subscribed(lab: TwsLab, *contracts: Any, generic: str = "", kind: int = 1) -> Talk:
    talk = await connect(lab)
    talk.client.reqMarketDataType(kind)
    for request, each in enumerate(contracts, 1):
        talk.client.reqMktData(request, each, generic, False, False, [])
    talk.send()
    await talk.settled()
    return talk


def volumes(talk: Talk, request: int = 1) -> list[Decimal]:
    return [Decimal(fields[4]) for fields in talk.of(2) if fields[2:4] == [str(request), "8"]]


async def test_volume_rises_by_one_lot_a_tick_and_the_oracle_knows_what_was_told() -> None:
    async with playing() as lab:
        talk = await subscribed(lab, AAPL, BTC)
        await lab.burst(1000)
        await talk.settled()
        for request, con_id, lot in ((1, "265598", Decimal(1)), (2, "479624278", Decimal("0.0001"))):
            told = lab.oracle()[con_id]
            assert told["count"] == 500
            first, last = told["first"], told["last"]
            assert isinstance(first, int)
            assert isinstance(last, int)
            assert volumes(talk, request)[1:] == [volume * lot for volume in range(first, last + 1)]
        await talk.close()


async def test_one_tick_is_told_in_order_and_what_did_not_change_is_not() -> None:
    async with playing() as lab:
        talk = await subscribed(lab, AAPL, generic="233")
        before = len(talk.bodies)
        for _ in range(50):
            await lab.step("AAPL")
        await talk.settled()
        kinds = [int(fields[3]) for fields in talk.heard[before:] if fields[0] in {"1", "2", "46"}]
        ticks = " ".join(map(str, kinds)).split("45 ")[1:]
        orders = {"4", "5", "48", "8", "1", "0", "2", "3", "6", "7"}
        place = {kind: rank for rank, kind in enumerate(("4", "5", "48", "8", "1", "0", "2", "3", "6", "7"))}
        assert len(ticks) == 50
        for tick in ticks:
            told = tick.split()
            assert set(told) <= orders
            assert told == sorted(told, key=place.__getitem__)
            assert {"48", "8"} <= set(told)
        assert any("4" not in tick.split() for tick in ticks)
        await talk.close()


async def test_exchange_time_is_the_markets() -> None:
    async with playing() as lab:
        talk = await subscribed(lab, AAPL, generic="233")
        now = lab.now_ns() // 1_000_000_000
        await lab.step("AAPL")
        await talk.settled()
        times = [fields[4] for fields in talk.of(46) if fields[3] == "45"]
        real_time = [fields[4].split(";") for fields in talk.of(46) if fields[3] == "48"]
        assert int(times[-1]) - now in {0, 1}
        assert int(real_time[-1][2]) // 1000 == int(times[-1])
        assert Decimal(real_time[-1][3]) == volumes(talk)[-1]
        await talk.close()


async def test_an_index_has_no_quotes_and_a_currency_no_trades() -> None:
    async with playing() as lab:
        talk = await subscribed(lab, contract("SPX", "IND", "CBOE"), contract("EUR", "CASH", "IDEALPRO"))
        index = {fields[3]: fields[4:6] for fields in talk.of(1) if fields[2] == "1"}
        currency = {fields[3]: fields[4:6] for fields in talk.of(1) if fields[2] == "2"}
        assert index["1"] == index["2"] == ["-1.0", "0"]
        assert index["4"][1] == "0"
        assert Decimal(currency["1"][1]) % 25_000 == 0
        assert "4" not in currency
        assert volumes(talk, 1) == volumes(talk, 2) == []
        await talk.close()


async def test_without_permission_there_are_delayed_data_for_who_asks_for_them() -> None:
    async with playing() as lab:
        talk = await subscribed(lab, SIE)
        assert talk.codes[3:] == [354]
        talk.client.reqMarketDataType(3)
        talk.client.reqMktData(2, SIE, "", False, False, [])
        talk.send()
        await talk.settled()
        assert talk.codes[3:] == [354, 10167]
        assert talk.of(58) == [["58", "1", "2", "3"]]
        assert {int(fields[3]) for fields in talk.of(1)} == {66, 67, 68, 72, 73, 75, 76}
        (told,) = [int(fields[4]) for fields in talk.of(46) if fields[3] == "88"]
        assert lab.now_ns() // 1_000_000_000 - told in {900, 901}
        lab.permission("SIE", on=True)
        talk.client.reqMktData(3, SIE, "", True, False, [])
        talk.send()
        await talk.until(57)
        assert talk.of(58)[-1] == ["58", "1", "3", "1"]
        await talk.close()


async def test_ids_and_lines_are_counted() -> None:
    async with playing(lines=2) as lab:
        talk = await subscribed(lab, AAPL, AAPL)
        talk.client.reqMktData(1, AAPL, "", False, False, [])
        talk.client.reqMktData(3, AAPL, "", False, False, [])
        talk.client.cancelMktData(9)
        talk.client.cancelMktData(2)
        talk.client.reqMktData(3, AAPL, "", False, False, [])
        talk.send()
        await talk.settled()
        assert talk.codes[3:] == [102, 101, 300]
        assert lab.status()["clients"]["1"]["lines"] == 2
        await talk.close()


async def test_a_contract_must_be_one() -> None:
    async with playing() as lab:
        talk = await subscribed(lab, contract("ABX", "STK", "SMART", ""), contract("ES", "FUT", "CME"))
        assert talk.codes[3:] == [200, 200]
        assert all("ambiguous" in fields[4] for fields in talk.of(4)[3:])
        talk.client.reqContractDetails(9, contract("ABX", "STK", "SMART", ""))
        talk.send()
        await talk.until(52)
        assert sorted(fields[8] for fields in talk.of(10)) == ["CAD", "USD"]
        await talk.close()


@pytest.mark.parametrize("symbol", ["AAPL", "BTC.USD"])
async def test_a_copy_of_the_book_stays_right(symbol: str) -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.reqMktDepth(1, AAPL if symbol == "AAPL" else BTC, 4, symbol == "AAPL", [])
        talk.send()
        await talk.settled()
        wanted = lab.terminal.contract(symbol)
        for _ in range(40):
            await lab.step(symbol)
            await talk.settled()
            tick = lab.feed.latest(wanted)
            for side, prices, lots in (("1", tick.bids, tick.bid_lots), ("0", tick.asks, tick.ask_lots)):
                rows = zip(prices[:4], lots[:4], strict=True)
                assert book(talk, side) == [(Decimal(str(price)), size * wanted.lot) for price, size in rows]
        operations = {fields[4] for fields in talk.of(12)} | {fields[5] for fields in talk.of(13)}
        assert operations == {"0", "1", "2"}
        await talk.close()


def book(talk: Talk, side: str) -> list[tuple[Decimal, Decimal]]:
    """Row by row, as a client has to read the messages."""
    rows: list[tuple[Decimal, Decimal]] = []
    for fields in talk.heard:
        if fields[0] not in {"12", "13"}:
            continue
        place, operation, of, price, size = [fields[3], *fields[4 if fields[0] == "12" else 5 :][:4]]
        if of != side:
            continue
        row = (Decimal(price), Decimal(size))
        if operation == "0":
            rows.insert(int(place), row)
        elif operation == "1":
            rows[int(place)] = row
        else:
            del rows[int(place)]
    return rows


async def test_every_trade_is_told_tick_by_tick() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        for request, kind in enumerate(("Last", "BidAsk", "MidPoint"), 1):
            talk.client.reqTickByTickData(request, AAPL, kind, 0, False)
        talk.send()
        await talk.settled()
        await lab.step("AAPL", 30)
        await talk.settled()
        assert len([fields for fields in talk.of(99) if fields[1] == "1"]) == 30
        quotes = [tuple(fields[4:8]) for fields in talk.of(99) if fields[1] == "2"]
        assert all(quote != following for quote, following in pairwise(quotes))
        assert 0 < len([fields for fields in talk.of(99) if fields[1] == "3"]) < 30
        await talk.close()


async def test_while_ib_is_lost_nothing_comes_and_then_it_goes_on_or_has_to_be_asked_for_again() -> None:
    async with playing() as lab:
        talk = await subscribed(lab, AAPL)
        lab.outages.connectivity("lost")
        await lab.step("AAPL", 5)
        lab.outages.connectivity("restored")
        await lab.step("AAPL", 5)
        await talk.settled()
        assert talk.codes[3:] == [1100, 1102]
        told = lab.oracle()["265598"]
        assert told["count"] == 5  # those of the outage are in no range
        assert len(volumes(talk)) == 1 + 5
        lab.outages.connectivity("lost")
        lab.outages.connectivity("data_lost")
        await lab.step("AAPL", 5)
        await talk.settled()
        assert talk.codes[5:] == [1100, 1101]
        assert len(volumes(talk)) == 1 + 5
        talk.client.reqMktData(1, AAPL, "", False, False, [])
        talk.send()
        await talk.settled()
        await lab.step("AAPL", 5)
        await talk.settled()
        assert len(volumes(talk)) == 1 + 5 + 1 + 5
        await talk.close()


async def test_a_broken_farm_a_competing_session_and_a_mute_contract() -> None:
    async with playing() as lab:
        talk = await subscribed(lab, AAPL)
        lab.outages.farm(on=False, keep=True)
        await lab.step("AAPL")
        lab.outages.farm(on=True, keep=True)
        lab.outages.competing(on=True)
        await lab.step("AAPL")
        lab.outages.competing(on=False)
        await talk.settled()
        assert talk.codes[3:] == [2103, 2104, 10197]
        assert len(volumes(talk)) == 1
        lab.mute(contract="AAPL")
        assert await lab.burst(3) == {"sent": 0, "seconds": pytest.approx(0, abs=1)}
        lab.mute(contract="AAPL", on=False)
        assert (await lab.burst(3))["sent"] == 3
        await talk.settled()
        assert len(volumes(talk)) == 4
        await talk.close()


async def test_the_market_runs_at_its_rate_until_it_is_paused() -> None:
    async with playing(rate=400.0) as lab:
        talk = await subscribed(lab, AAPL, BTC)
        await eventually(lambda: lab.feed.total >= 40, "ticks")
        lab.pause()
        await talk.settled()
        told = sum(int(str(each["count"])) for each in lab.oracle().values())
        assert told == lab.feed.total == len(volumes(talk, 1)) + len(volumes(talk, 2)) - 2
        assert await lab.burst(10) == {"sent": 10, "seconds": pytest.approx(0, abs=5)}
        assert lab.feed.total == told + 10
        await talk.close()


@pytest.mark.parametrize("wrong", [{"version": 156}, {"version": 201}, {"accounts": ()}])
def test_what_cannot_be_played_is_told_before_anything_opens(wrong: dict[str, Any]) -> None:
    with pytest.raises(LabError):
        TwsOptions(**wrong)
