"""What a healthy worker tells."""

from typing import Any

import msgspec

from marketbus.domain.readiness import Readiness
from marketbus.domain.session import Session, SessionState
from marketbus.domain.status import GatewayStatus
from marketbus.domain.times import NS
from marketbus.domain.vitals import JournalVitals, MarketDataVitals, ProcessVitals, TradingVitals, Vitals

OPENS = 1_795_267_200 * NS


def vitals(
    *, market_open: bool = False, bus_connected: bool = True, killed: bool = False, writable: bool = True, **status: Any
) -> Vitals:
    """`status`: fields of GatewayStatus that differ."""
    ready = Session(SessionState.READY, logins=1)
    told = GatewayStatus(
        gateway="ctp", kind="ctp", sdk="lab", simulated=True, time=OPENS, epoch=7, pid=1, host="h", started=1,
        capabilities=(), md=ready, td=ready, contracts=3, requested=2, acknowledged=2, leases=1, pins=(), ticks=10,
        rate=1.0, last_tick=OPENS, drops={"slow_bus": 1}, rejects={}, errors={}, market_time=OPENS,
        readiness=Readiness(True, OPENS), account="main", denied={"collar": 2},
    )  # fmt: skip
    journal = JournalVitals(writable, 12, 0, 4096)
    return Vitals(
        status=msgspec.structs.replace(told, **status),
        market_open=market_open,
        bus_connected=bus_connected,
        bus_reconnects=0,
        process=ProcessVitals(cpu=1.5, memory=70_000_000, threads=5, collections=(4, 2, 1)),
        market_data=MarketDataVitals(client_gaps={"reconnect": 1}),
        trading=TradingVitals("main", killed, journal, {"ACCEPTED": 1}, {"FILLED": 2}),
    )
