"""The gateways as a table."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from marketbus.domain.session import Session, SessionState
from marketbus.domain.status import GatewayStatus

_COLOURS = {SessionState.READY: "green", SessionState.FAILED: "bold red", SessionState.STALE: "yellow"}


def status_table(gateways: Sequence[GatewayStatus]) -> Table:
    """One row per gateway."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("gateway", "md", "td", "day"):
        table.add_column(name, no_wrap=name != "md")
    for name in ("listed", "wanted", "ticks", "per s", "p99", "drops"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("sdk")
    for one in gateways:
        table.add_row(
            Text(one.gateway, style="red" if one.simulated else ""),
            _session(one.md),
            _session(one.td) if one.td.since else Text("-"),
            str(one.md.trading_day or "-"),
            str(one.contracts),
            f"{one.acknowledged}/{one.requested}",
            str(one.ticks),
            f"{one.rate:.0f}",
            f"{one.latency.p99:.0f} µs" if one.latency else "-",
            str(sum(one.drops.values())),
            f"{'SIMULATED ' if one.simulated else ''}{one.sdk}",
        )
    return table


def _session(session: Session) -> Text:
    code = "" if session.code is None else f"[{session.code}] "
    words = f" {code}{session.message}" if session.message else ""
    return Text(f"{session.state}{words}", style=_COLOURS.get(session.state, ""))
