"""Every metric of ours: its kind, its labels, what it says. Units are seconds and bytes; a counter's name in the
exposition ends in `_total`."""

from typing import Literal, NamedTuple


class Described(NamedTuple):
    """One metric."""

    kind: Literal["gauge", "counter", "histogram"]
    labels: tuple[str, ...]
    words: str


def _gauge(words: str, *labels: str) -> Described:
    return Described("gauge", ("gateway", *labels), words)


def _counter(words: str, *labels: str) -> Described:
    return Described("counter", ("gateway", *labels), words)


def _histogram(words: str, *labels: str) -> Described:
    return Described("histogram", ("gateway", *labels), words)


def _of_target(words: str) -> Described:
    return Described("counter", ("target", "outcome"), words)


METRICS: dict[str, Described] = {
    # The worker, as its supervisor sees it.
    "marketbus_worker_running": _gauge("1: the worker's process runs."),
    "marketbus_worker_reporting": _gauge("1: the worker has told its figures within the last seconds."),
    "marketbus_worker_standby": _gauge("1: another worker of this name is live elsewhere, this one waits."),
    "marketbus_worker_report_age_seconds": _gauge("Since the worker last told its figures."),
    "marketbus_worker_given_up": _gauge("1: its configuration is wrong, it will not be started again."),
    "marketbus_worker_starts": _counter("Processes started."),
    "marketbus_worker_ends": _counter("Processes ended, by exit code or signal.", "how"),
    # The line.
    "marketbus_gateway_info": _gauge("What is hosted, and where.", "kind", "sdk", "simulated", "account", "host"),
    "marketbus_trades": _gauge("1: the configuration lets this gateway trade."),
    "marketbus_ready": _gauge("1: ready for its session, as `marketbus ready` says."),
    "marketbus_ready_differences": _gauge("Things that are not as they should be."),
    "marketbus_market_open": _gauge("1: one of the subscribed instruments trades now, as far as hours are known."),
    "marketbus_market_opens_timestamp_seconds": _gauge("When the subscribed markets open next."),
    "marketbus_market_clock_ahead_seconds": _gauge("The market's clock less ours; not 0 on a simulated venue only."),
    "marketbus_session_state": _gauge("1: the session is in this state.", "channel", "state"),
    "marketbus_session_logins": _counter("Successful logins.", "channel"),
    "marketbus_contracts": _gauge("Contracts known."),
    "marketbus_subscriptions": _gauge("Instruments, by how far their subscription is.", "state"),
    "marketbus_leases": _gauge("Subscriptions of clients."),
    # The ticks.
    "marketbus_ticks": _counter("Ticks published or dropped."),
    "marketbus_ticks_dropped": _counter("Ticks given up before NATS took them, by cause.", "cause"),
    "marketbus_ticks_rejected": _counter("Raw ticks that could not become a tick, by cause.", "cause"),
    "marketbus_errors": _counter("Other failures, by cause.", "cause"),
    "marketbus_last_tick_timestamp_seconds": _gauge("When the newest tick was received."),
    "marketbus_buffered_bytes": _gauge("Ticks that wait for NATS."),
    "marketbus_tick_from_venue_seconds": _histogram(
        "The exchange's stamp to received, a sample; clocks' differences are in it."
    ),
    "marketbus_tick_to_bus_seconds": _histogram("Received to written to NATS, the slowest tick of each batch."),
    "marketbus_tick_to_client_seconds": _histogram("Received to a client's hands, a sample, as clients report it."),
    "marketbus_client_gaps": _counter("Holes in the feeds of clients by cause, as they report them.", "cause"),
    "marketbus_client_missed_ticks": _counter("Ticks missing in those holes, as far as known."),
    # The orders.
    "marketbus_orders_active": _gauge("Orders that are not over.", "account", "state"),
    "marketbus_orders_ended": _counter("Orders that ended, by final state.", "account", "state"),
    "marketbus_orders_denied": _counter("Orders that a rule of ours denied.", "account", "rule"),
    "marketbus_order_fills": _counter("Fills.", "account"),
    "marketbus_order_cancels": _counter("Cancels sent.", "account"),
    "marketbus_order_misfits": _counter("Words of the venue that contradicted what was known.", "account", "what"),
    "marketbus_order_step_seconds": _histogram("Steps of an order: journal, sdk, venue.", "account", "step"),
    "marketbus_kill_switch": _gauge("1: pulled, new orders are denied.", "account"),
    "marketbus_journal_writable": _gauge("1: the order journal is written.", "account"),
    "marketbus_journal_position": _gauge("Entries of the order journal.", "account"),
    "marketbus_journal_waiting": _gauge("Appends that wait for a commit.", "account"),
    "marketbus_journal_bytes": _gauge("Size of the order journal on disk.", "account"),
    "marketbus_journal_commit_seconds": _histogram("One commit, fsync included.", "account"),
    # The process.
    "marketbus_nats_connected": _gauge("1: the worker is connected to NATS."),
    "marketbus_nats_reconnects": _counter("Connections of the worker to NATS after the first."),
    "marketbus_cpu_seconds": _counter("CPU used by the worker."),
    "marketbus_memory_bytes": _gauge("Resident memory of the worker."),
    "marketbus_threads": _gauge("Python threads of the worker."),
    "marketbus_event_loop_lag_seconds": _histogram("How much later than asked for the worker's event loop came back."),
    "marketbus_gc_collections": _counter("Garbage collections of the worker.", "generation"),
    "marketbus_gc_seconds": _counter("Time spent in garbage collections of the worker."),
    # The supervisor's own notifications.
    "marketbus_alerts": _of_target("Alerts: sent, summarised as a mere number, failed to arrive."),
}
