"""Builds one worker from a configuration: the only place that knows every class."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import metadata
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats.bus_publisher import NatsPublisher
from marketbus.adapters.nats.connection import NatsLink, close_connection, open_connection
from marketbus.adapters.nats.jetstream import has_jetstream
from marketbus.adapters.nats.name_lease import KvNameLease
from marketbus.adapters.nats.presence import Presence
from marketbus.adapters.nats.publisher import NatsTickPublisher
from marketbus.adapters.nats.rpc_host import RpcHost
from marketbus.adapters.state.files import FileStateStore
from marketbus.application.fresh_logins import FreshLogins
from marketbus.application.history import History
from marketbus.application.host import GatewayHost
from marketbus.application.pulse import Pulse
from marketbus.application.readiness import ReadinessReport
from marketbus.application.reporting import Reporter
from marketbus.application.service import Service
from marketbus.application.trading.ledger import Name
from marketbus.application.watchdog import Watchdog
from marketbus.apps import paths, plugins
from marketbus.apps.config import Config
from marketbus.apps.log_feed import log_feed
from marketbus.apps.logs import Logs
from marketbus.apps.market import market_calendar
from marketbus.apps.nats_options import nats_options
from marketbus.apps.process_vitals import ProcessMeter
from marketbus.apps.report_line import ReportLine
from marketbus.apps.trading import Desk, Section, trading, trading_session
from marketbus.domain.errors import ConfigError
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.schedule import Schedule
from marketbus.domain.status import Level
from marketbus.domain.trading_hours import TradingHours
from marketbus.domain.vitals import Standby
from marketbus.ports.gateway import Capability, Gateway, GatewayContext
from marketbus.ports.history import HistorySource
from marketbus.ports.name_lease import NameLease

PULSE = 1.0
"""Seconds between two reports to the supervisor."""


class Worker(NamedTuple):
    """Everything of one gateway that runs, wired."""

    host: GatewayHost
    gateway: Gateway
    lease: NameLease
    bus_closed: asyncio.Event
    """Set when the bus took our rights away: reconnecting would not help, a fresh start tells why."""
    duties: tuple[Callable[[], Coroutine[None, None, None]], ...]
    """What runs beside the host."""


@asynccontextmanager
async def worker(config: Config, name: str, logs: Logs, line: ReportLine) -> AsyncGenerator[Worker]:
    """Connect to the bus, take the gateway's name, load the SDK; everything is let go of at the end.

    Raises:
        ConfigError: a secret is missing, the configuration names an SDK that is not installed, or our user on the bus
            may not be this gateway.
        BusUnavailable: NATS cannot be reached.
    """
    clock = SystemClock()
    spec = config.gateway_spec(name)
    folder = paths.private(paths.gateway_dir(paths.state_dir(), name))
    options = nats_options(config, f"marketbus {name}")

    refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_nats(code: str, fields: dict[str, str]) -> None:
        if code == "nats.not_permitted" and not refused.done():
            refused.set_result(fields["subject"])
        level = Level.INFO if code in ("nats.connected", "nats.reconnected") else Level.WARNING
        logs.log(level, code, **fields)

    random = Random(f"{socket.gethostname()}/{os.getpid()}/{clock.now()}")  # noqa: S311 (spreads retries)
    async with AsyncExitStack() as ends:  # let go in the opposite order
        closed = asyncio.Event()
        client = await open_connection(options, on_nats, closed.set)
        ends.push_async_callback(close_connection, client)
        publisher = NatsPublisher(client)
        feed = await ends.enter_async_context(log_feed(publisher))
        logs.publish = feed.put
        ends.callback(_unplug, logs)
        lease: NameLease
        jetstream = await has_jetstream(client)
        if jetstream:
            lease = KvNameLease(client, name, clock, random, token=f"{random.getrandbits(64):016x}")
        else:
            logs.log(Level.WARNING, "nats.no_jetstream")
            lease = Presence(client, name, clock, random)
        ends.push_async_callback(lease.release)
        await _acquire(lease, logs, line, refused, name)
        logs.log(Level.DEBUG, "gateway.live")
        state = FileStateStore(folder, lambda path, done: _damaged(logs, path, done))
        epoch = state.next_epoch(clock.now())
        ticks = NatsTickPublisher(options, clock, lambda _code, _fields: None, may_send_until=lambda: lease.held_until)
        await ticks.start()
        ends.push_async_callback(ticks.stop, 1.0)
        logs.log(Level.INFO, "gateway.accelerator", path=ticks.path)
        pins = tuple(config.gateway(name).subscribe)
        host = GatewayHost(name, epoch, pins, publisher=publisher, ticks=ticks, state=state, clock=clock, log=logs)
        calendar = market_calendar(config, lambda year: _unknown_year(logs, year))
        judged = config.gateway(name).schedule is not Schedule.ALWAYS
        market = calendar if judged else MarketCalendar(calendar.days, TradingHours(()))
        session = trading_session() if spec.trading else None
        context = GatewayContext(
            sink=host,
            clock=clock,
            market=market,
            folder=folder,
            lab_library=_lab_library(spec.kind) if spec.sdk == "lab" else None,
            contracts=tuple(host.book),
            schedule=config.schedule(name),
            epoch=epoch,
            native_sink=ticks.sink(),
            trading=session,
        )
        gateway = plugins.plugin(spec.kind).build(spec, context)
        host.follow(gateway)
        desk: Desk | None = None
        if session is not None:
            desk = await ends.enter_async_context(
                trading(
                    Name(name, spec.account),
                    gateway,
                    session,
                    host,
                    config.limits(name),
                    Section(
                        config.limits_section(name),
                        config.gateway(name).cancel_on_disconnect,
                        config.gateway(name).accept_journal,
                    ),
                    market,
                    paths.state_dir(),
                    client,
                    clock,
                    logs,
                    jetstream=jetstream,
                )
            )
        readiness = ReadinessReport(host, gateway, market, logs, session)
        reporter = Reporter(
            host,
            gateway,
            kind=spec.kind,
            process=(socket.gethostname(), os.getpid()),
            publisher=publisher,
            ticks=ticks,
            readiness=readiness,
            clock=clock,
            log=logs,
            desk=session,
            account=spec.account if spec.trading else "",
            denied={} if desk is None else desk.trading.desk.denied,
        )
        watchdog = Watchdog(
            host, gateway, market.phase, clock=clock, log=logs, patience=config.gateway(name).stale_after
        )
        fresh_logins = FreshLogins(host, gateway, calendar.days, config.schedule(name), logs)
        service = Service(
            host,
            reporter,
            History(name, _history_of(gateway), clock, gateway.market_clock),
            calendar=calendar,
            market_clock=gateway.market_clock,
            state=state,
            clock=clock,
            log=logs,
        )
        rpc = RpcHost(
            client,
            service,
            lambda verb, error: _unforeseen(logs, verb, error),
            gateway=name,
            kind=spec.kind,
            simulated=gateway.simulated,
            version=metadata.version("marketbus"),
            may_answer=lambda: lease.held,
            trading=None if desk is None else desk.service,
        )
        await rpc.start()
        ends.push_async_callback(rpc.stop)
        logs.log(Level.INFO, "gateway.started", kind=spec.kind, sdk=gateway.sdk, epoch=epoch)
        if gateway.simulated:
            logs.log(Level.WARNING, "gateway.simulated")
        meter = ProcessMeter()
        pulse = Pulse(
            host,
            gateway,
            reporter,
            market,
            ticks=ticks,
            bus=NatsLink(client),
            process=meter.now,
            trading=None if desk is None else desk.vitals,
        )
        # Who reads READY and asks the supervisor must not be told otherwise.
        readiness.turned = lambda: line.tell(pulse.take())
        duties = (
            reporter.run,
            readiness.run,
            watchdog.run,
            fresh_logins.run,
            meter.run,
            lambda: _report(pulse, line),
        )
        yield Worker(host, gateway, lease, closed, duties if desk is None else (*duties, desk.run))


def _history_of(gateway: Gateway) -> HistorySource | None:
    """Whom to ask for the past."""
    return gateway if Capability.HISTORY in gateway.capabilities and isinstance(gateway, HistorySource) else None


async def _report(pulse: Pulse, line: ReportLine) -> None:
    while True:
        line.tell(pulse.take())
        await asyncio.sleep(PULSE)


async def _acquire(lease: NameLease, logs: Logs, line: ReportLine, refused: asyncio.Future[str], name: str) -> None:
    """Wait for the name, unless the bus says that it can never be ours."""
    live: list[Standby] = []

    def found(host: str, pid: int) -> None:
        live[:] = [Standby(host, pid)]
        logs.log(Level.INFO, "gateway.standby", host=host, pid=pid)

    acquiring = asyncio.ensure_future(lease.acquire(found))
    try:
        while not await _first(acquiring, refused):
            for each in live:
                line.tell(each)
    finally:
        if not acquiring.done():
            acquiring.cancel()
    if refused.done():
        raise ConfigError(
            "nats",
            f"the bus does not let our user use {refused.result()}",
            f"give it the role gateway with {name!r} among its gateways, see `marketbus permits`",
        )
    await acquiring


async def _first(*futures: asyncio.Future[Any]) -> bool:
    """Whether one of them is done, after waiting for a moment."""
    done, _ = await asyncio.wait(futures, timeout=PULSE, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)


def _unplug(logs: Logs) -> None:
    """What ended the worker is logged after its loop, when there is no bus to tell."""
    logs.publish = None


def _lab_library(kind: str) -> Path | None:
    """None for a kind whose SDK speaks to a simulated venue as to a real one."""
    from marketbus.lab import kinds  # the lab is loaded only where it is asked for
    from marketbus.lab.ctp_family import build

    return build.library_dir(kinds.counter(kind)) if kind in kinds.COUNTERS else None


def _damaged(logs: Logs, path: str, done: str) -> None:
    logs.log(Level.ERROR, "state.damaged", path=path, done=done)


def _unknown_year(logs: Logs, year: int) -> None:
    logs.log(Level.WARNING, "calendar.unknown_year", year=year)


def _unforeseen(logs: Logs, verb: str, error: Exception) -> None:
    logs.log(Level.ERROR, "rpc.failed", verb=verb, detail=f"{type(error).__name__}: {error}"[:300])
