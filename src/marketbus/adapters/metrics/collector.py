"""From what a supervisor knows of its workers to metrics."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from marketbus.adapters.metrics.families import Families
from marketbus.domain.order import OrderState
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import GatewayStatus
from marketbus.domain.times import NS
from marketbus.domain.vitals import MarketDataVitals, ProcessVitals, TradingVitals, Vitals
from marketbus.domain.worker_view import WorkerView


class WorkerCollector(Collector):
    """Asks for the views whenever it is scraped."""

    def __init__(
        self, views: Callable[[], Iterable[WorkerView]], alerts: Callable[[], Mapping[str, Mapping[str, int]]] = dict
    ) -> None:
        """`alerts`: by target and outcome."""
        self._views = views
        self._alerts = alerts

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        families = Families()
        for view in self._views():
            _worker(families, view)
            if view.vitals is not None:
                _vitals(families, view.gateway, view.vitals)
        for target, outcomes in self._alerts().items():
            families.put_each("marketbus_alerts", outcomes, target)
        return iter(families)

    def describe(self) -> Iterator[Metric]:
        """The names alone."""
        return iter(Families())


def _worker(families: Families, view: WorkerView) -> None:
    name = view.gateway
    families.put("marketbus_worker_running", view.running, name)
    families.put("marketbus_worker_reporting", view.vitals is not None or view.standby is not None, name)
    families.put("marketbus_worker_standby", view.standby is not None, name)
    families.put("marketbus_worker_report_age_seconds", view.age, name)
    families.put("marketbus_worker_given_up", bool(view.final), name)
    families.put("marketbus_worker_starts", view.starts, name)
    families.put_each("marketbus_worker_ends", view.ends, name)
    families.put("marketbus_trades", view.trades, name)


def _vitals(families: Families, name: str, vitals: Vitals) -> None:
    _status(families, name, vitals.status)
    families.put("marketbus_market_open", vitals.market_open, name)
    families.put("marketbus_nats_connected", vitals.bus_connected, name)
    families.put("marketbus_nats_reconnects", vitals.bus_reconnects, name)
    _market_data(families, name, vitals.market_data)
    _process(families, name, vitals.process)
    if vitals.trading is not None:
        _trading(families, name, vitals.trading)


def _status(families: Families, name: str, status: GatewayStatus) -> None:
    simulated = "true" if status.simulated else "false"
    families.put("marketbus_gateway_info", 1, name, status.kind, status.sdk, simulated, status.account, status.host)
    for channel, session in ((Channel.MD, status.md), (Channel.TD, status.td)):
        for state in SessionState:
            families.put("marketbus_session_state", session.state is state, name, channel.value, state.value)
        families.put("marketbus_session_logins", session.logins, name, channel.value)
    if status.readiness is not None:
        families.put("marketbus_ready", status.readiness.ready, name)
        families.put("marketbus_ready_differences", len(status.readiness.differs), name)
        families.put("marketbus_market_opens_timestamp_seconds", _seconds(status.readiness.opens), name)
    if status.market_time is not None:
        families.put("marketbus_market_clock_ahead_seconds", round((status.market_time - status.time) / NS, 3), name)
    families.put("marketbus_contracts", status.contracts, name)
    states = {"requested": status.requested, "acknowledged": status.acknowledged, "silent": status.silent}
    families.put_each("marketbus_subscriptions", states, name)
    families.put("marketbus_leases", status.leases, name)
    families.put("marketbus_ticks", status.ticks, name)
    families.put_each("marketbus_ticks_dropped", status.drops, name)
    families.put_each("marketbus_ticks_rejected", status.rejects, name)
    families.put_each("marketbus_errors", status.errors, name)
    families.put("marketbus_last_tick_timestamp_seconds", _seconds(status.last_tick), name)
    families.put("marketbus_buffered_bytes", status.buffered, name)
    if status.account:
        families.put_each("marketbus_orders_denied", status.denied, name, status.account)


def _market_data(families: Families, name: str, measured: MarketDataVitals) -> None:
    families.put_seconds("marketbus_tick_from_venue_seconds", measured.from_venue, name)
    families.put_seconds("marketbus_tick_to_bus_seconds", measured.to_bus, name)
    families.put_seconds("marketbus_tick_to_client_seconds", measured.to_client, name)
    families.put_each("marketbus_client_gaps", measured.client_gaps, name)
    families.put("marketbus_client_missed_ticks", measured.client_missed, name)


def _trading(families: Families, name: str, trading: TradingVitals) -> None:
    account, journal = trading.account, trading.journal
    active = {state.value: trading.active.get(state.value, 0) for state in OrderState if not state.is_final}
    families.put_each("marketbus_orders_active", active, name, account)
    families.put_each("marketbus_orders_ended", trading.ended, name, account)
    families.put("marketbus_order_fills", trading.fills, name, account)
    families.put("marketbus_order_cancels", trading.cancels, name, account)
    families.put_each("marketbus_order_misfits", trading.misfits, name, account)
    for step, seconds in trading.steps.items():
        families.put_seconds("marketbus_order_step_seconds", seconds, name, account, step)
    families.put("marketbus_kill_switch", trading.killed, name, account)
    families.put("marketbus_journal_writable", journal.writable, name, account)
    families.put("marketbus_journal_position", journal.position, name, account)
    families.put("marketbus_journal_waiting", journal.waiting, name, account)
    families.put("marketbus_journal_bytes", journal.bytes, name, account)
    families.put_seconds("marketbus_journal_commit_seconds", journal.commit, name, account)


def _process(families: Families, name: str, process: ProcessVitals) -> None:
    families.put("marketbus_cpu_seconds", process.cpu, name)
    families.put("marketbus_memory_bytes", process.memory, name)
    families.put("marketbus_threads", process.threads, name)
    families.put_seconds("marketbus_event_loop_lag_seconds", process.loop_lag, name)
    families.put_each(
        "marketbus_gc_collections", {str(at): count for at, count in enumerate(process.collections)}, name
    )
    families.put("marketbus_gc_seconds", process.collecting, name)


def _seconds(instant: int | None) -> float | None:
    return None if instant is None else instant / NS
