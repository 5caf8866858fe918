"""A lab that lives through the closed hours: what a front sends around the sessions, and the counter's own day."""

from datetime import datetime

import pytest

from marketbus.lab.ctp_family import CounterLab
from marketbus.lab.ctp_family.depth import ABSENT
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.errors import LabError
from tests.unit.lab.counter_client import Client, running, subscriber

DAILY = {"closed_hours": True, "counter_day": True}


def go(lab: CounterLab, moment: str) -> None:
    lab.clock(start=datetime.fromisoformat(moment))


async def login_error(lab: CounterLab, layout: Layout, api: str = "td") -> tuple[int, str]:
    client = await Client(layout, api).connect(lab.addresses[api])
    client.log_in()
    error, answer = await client.answer("OnRspUserLogin")
    await client.close()
    return error, answer["TradingDay"]


async def test_time_passes_through_a_break_without_a_tick(layout: Layout) -> None:
    async with running(layout, closed_hours=True, start=datetime.fromisoformat("2026-11-20T10:20:00")) as lab:
        client = await subscriber(lab, layout, "rb2701", "IF2612")
        assert (await lab.burst(4))["sent"] == 4
        assert {tick["InstrumentID"] for tick in (await client.read_ticks(6))[2:]} == {"IF2612"}
        go(lab, "2026-11-20T12:00:00")
        assert (await lab.burst(4))["sent"] == 0
        assert lab.status()["now"].startswith("2026-11-20T12:00:")
        await client.close()


async def test_the_auctions_result_comes_before_the_first_trade(layout: Layout) -> None:
    async with running(layout, closed_hours=True, start=datetime.fromisoformat("2026-11-20T20:58:59")) as lab:
        client = await subscriber(lab, layout, "rb2701", "m2701", "si2701")
        replayed = {tick["InstrumentID"]: tick for tick in client.ticks}
        assert {tick["UpdateTime"] for tick in replayed.values()} == {"15:00:00"}
        assert {name: tick["ActionDay"] for name, tick in replayed.items()} == {
            "rb2701": "20261120",
            "m2701": "20261123",
            "si2701": "20261120",
        }
        lab.clock(speed=60)
        auction = (await client.read_ticks(5))[3:]
        assert {tick["InstrumentID"] for tick in auction} == {"rb2701", "m2701"}
        for tick in auction:
            assert (tick["UpdateTime"], tick["UpdateMillisec"]) == ("20:59:00", 500)
            assert tick["Volume"] == 1
        await lab.burst(2)
        assert lab.oracle()["rb2701"]["first"] == 1
        await client.close()


async def test_the_close_and_the_settlement_carry_their_own_times(layout: Layout) -> None:
    async with running(layout, closed_hours=True, start=datetime.fromisoformat("2026-11-20T14:59:59")) as lab:
        client = await subscriber(lab, layout, "rb2701")
        await lab.burst(1)
        lab.clock(speed=3600)
        close, settlement = (await client.read_ticks(4))[2:]
        assert (close["UpdateTime"], close["UpdateMillisec"]) == ("15:00:00", 500)
        assert close["SettlementPrice"] == close["ClosePrice"] == ABSENT
        assert settlement["UpdateTime"] == "15:20:00"
        assert settlement["ClosePrice"] == close["LastPrice"]
        assert close["LowestPrice"] <= settlement["SettlementPrice"] <= close["HighestPrice"]
        assert settlement["Volume"] == close["Volume"]
        assert lab.oracle()["rb2701"]["last"] == close["Volume"]
        again = await subscriber(lab, layout, "rb2701")
        assert again.ticks[0] == settlement
        await client.close()
        await again.close()


async def test_a_closed_counter_takes_no_login_and_keeps_nobody(layout: Layout) -> None:
    async with running(layout, start=datetime.fromisoformat("2026-11-20T15:29:00"), **DAILY) as lab:
        client = await subscriber(lab, layout, "rb2701")
        go(lab, "2026-11-20T15:30:00")
        assert await client.ended()
        for api in ("td", "md"):
            assert await login_error(lab, layout, api) == (7, "")
        go(lab, "2026-11-20T20:30:00")
        assert await login_error(lab, layout) == (0, "20261123")
        go(lab, "2026-11-21T02:45:00")
        assert await login_error(lab, layout) == (7, "")


async def test_nobody_stays_connected_from_one_window_into_the_next(layout: Layout) -> None:
    async with running(layout, **DAILY) as lab:
        client = await subscriber(lab, layout, "rb2701")
        go(lab, "2026-11-23T09:30:00")
        assert await client.ended()
        assert lab.status()["subscribed"] == 0


async def test_every_evening_lists_the_contracts_of_the_next_trading_day(layout: Layout) -> None:
    # 2026-11-20 is the third Friday: the last day of the index futures of November.
    async with running(layout, instruments=400, **DAILY) as lab:
        assert await listed(lab, layout, "IF2611") == ["IF2611"]
        before = await subscriber(lab, layout, "IF2612")
        await lab.burst(5)
        last = (await before.read_ticks(6))[-1]
        go(lab, "2026-11-20T20:40:00")
        assert await listed(lab, layout, "IF2611") == []
        assert await listed(lab, layout, "IF2612") == ["IF2612"]
        replayed = (await subscriber(lab, layout, "IF2612")).ticks[0]
        assert (replayed["LastPrice"], replayed["TradingDay"]) == (last["LastPrice"], "20261123")
        go(lab, "2026-11-23T09:30:00")
        after = await subscriber(lab, layout, "IF2612")
        await lab.burst(1)
        first = (await after.read_ticks(2))[-1]
        assert (first["Volume"], first["TradingDay"]) == (1, "20261123")
        assert first["PreClosePrice"] == last["LastPrice"]
        assert lab.status()["listed"] == 400


async def test_a_counters_day_needs_the_closed_hours(layout: Layout) -> None:
    with pytest.raises(LabError, match="closed_hours"):
        async with running(layout, counter_day=True):
            pass


async def listed(lab: CounterLab, layout: Layout, symbol: str) -> list[str]:
    client = await Client(layout, "td").connect(lab.addresses["td"])
    client.log_in()
    client.send("ReqQryInstrument", layout.pack("CThostFtdcQryInstrumentField", InstrumentID=symbol))
    found = await client.records("OnRspQryInstrument")
    await client.close()
    return [each["InstrumentID"] for each in found]
