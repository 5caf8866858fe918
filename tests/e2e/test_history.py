"""The past from TWS to who asks for it: the client, its twin without asyncio, the command line, an app of vnpy."""

import asyncio
import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from vnpy.event import Event, EventEngine
from vnpy.trader.constant import Exchange, Interval
from vnpy.trader.event import EVENT_CONTRACT, EVENT_LOG
from vnpy.trader.object import ContractData, HistoryRequest, LogData

import marketbus
from marketbus import GatewayError, UnknownInstrument
from marketbus.apps.exit_codes import ExitCode
from marketbus.client.vnpy_gateway import MarketBusGateway
from marketbus.domain.times import SHANGHAI, to_datetime
from tests.system import System, eventually
from tests.system.tws import Tws

AAPL, GATEWAY = "AAPL-USD-STK.SMART", "ib"
START, END = "2026-11-19T22:30", "2026-11-19T23:30"  # New York opens


@pytest.fixture
def tws() -> Iterator[Tws]:
    tws = Tws()
    yield tws
    tws.stop()


async def test_everybody_gets_the_same_history(tmp_path: Path, tws: Tws) -> None:
    with System(tmp_path) as system:
        setting = {"port": tws.port, "client_id": 7}
        section = {"kind": "ib", "sdk": "lab", "subscribe": [AAPL], "setting": setting, "login_retry": 0.2}
        system.start(system.config(ib=section), GATEWAY)
        async with system.connect() as bus:
            await system.until(bus, lambda s: s.md.state == "READY" and s.contracts, "the line", GATEWAY, 60.0)
            bars = await bus.query_history(AAPL, "1m", START, END)
            assert [str(bar.time) for bar in bars[:2]] == ["2026-11-19 22:30:00+08:00", "2026-11-19 22:31:00+08:00"]
            assert len(bars) == 60
            ticks = await bus.query_ticks(AAPL, START, "2026-11-19T22:40")
            assert len(ticks) > 600
            with pytest.raises(UnknownInstrument, match=AAPL):
                await bus.query_history("AAPPL-USD-STK.SMART", "1m", START, END)

            # Without asyncio, and on the command line.
            def sync() -> list[marketbus.Bar]:
                with marketbus.connect_sync(system.nats.url) as other:
                    assert len(other.query_ticks(AAPL, START, "2026-11-19T22:40")) == len(ticks)
                    return other.query_history(AAPL, "1m", START, END)

            assert await asyncio.to_thread(sync) == bars
            asked = ("--url", system.nats.url, "--start", START, "--end")
            shown = [
                system.cli(f"history-{number}", "history", AAPL, *asked, *more)
                for number, more in enumerate(
                    ((END,), (END, "--csv"), ("2026-11-19T22:40", "-i", "tick", "--json"), ("2026-11-01",))
                )
            ]
            await asyncio.to_thread(an_app, system.nats.url, bars)
            assert [await asyncio.to_thread(each.wait, 30) for each in shown] == [0, 0, 0, ExitCode.FAILURE]
            lines, table, objects, refusal = [each.words().splitlines() for each in shown]
            assert len(lines) == 60
            assert lines[0].startswith("2026-11-19 22:30:00")
            rows = list(csv.DictReader(table))
            assert [float(each["close_price"]) for each in rows] == [bar.close_price for bar in bars]
            assert [datetime.fromisoformat(each["datetime"]) for each in rows] == [bar.time for bar in bars]
            assert [json.loads(each)["last_volume"] for each in objects] == [tick.last_volume for tick in ticks]
            assert "after its start" in refusal[-1]

            tws.control.history_farm(on=False)
            with pytest.raises(GatewayError, match="HMDS data farm connection is broken"):
                await bus.query_history(AAPL, "5m", START, END)


def an_app(url: str, bars: list[marketbus.Bar]) -> None:
    """As vnpy's strategies ask when they begin."""
    events = EventEngine()
    logs: list[str] = []
    contracts: list[ContractData] = []

    def heard(event: Event) -> None:
        if isinstance(event.data, LogData):
            logs.append(event.data.msg)
        else:
            contracts.append(event.data)

    events.register(EVENT_LOG, heard)
    events.register(EVENT_CONTRACT, heard)
    events.start()
    gateway = MarketBusGateway(events, "IB")
    request = HistoryRequest(
        "AAPL-USD-STK", Exchange.SMART, to_datetime(bars[0].datetime), to_datetime(bars[9].datetime), Interval.MINUTE
    )
    try:
        assert gateway.query_history(request) == []
        gateway.connect({"总线地址": url})
        asyncio.run(eventually(lambda: contracts, "contracts"))
        assert contracts[0].history_data
        found = gateway.query_history(request)
        assert [(each.datetime, each.close_price, each.volume) for each in found] == [
            (bar.time, bar.close_price, bar.volume)
            for bar in bars[:10]  # vnpy's end is included
        ]
        assert {(each.vt_symbol, each.gateway_name, each.interval) for each in found} == {(AAPL, "IB", Interval.MINUTE)}
        start = datetime(2026, 11, 16, tzinfo=SHANGHAI)
        days = gateway.query_history(HistoryRequest("AAPL-USD-STK", Exchange.SMART, start, None, Interval.DAILY))
        assert [f"{each.datetime:%m%d %H%M}" for each in days] == [f"11{day} 0000" for day in (16, 17, 18, 19)]
        request.interval = Interval.WEEKLY
        assert gateway.query_history(request) == []
        asyncio.run(eventually(lambda: any("no bars of w" in each for each in logs), "the reason"))
        assert any("总线未连接" in each for each in logs)
    finally:
        gateway.close()
        events.stop()
