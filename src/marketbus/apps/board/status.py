"""A gateway's status for people: two lines that fit any terminal."""

from rich.text import Text

from marketbus.domain.session import Session, SessionState
from marketbus.domain.status import GatewayStatus

_COLOURS = {SessionState.READY: "green", SessionState.FAILED: "bold red"}


def status_text(one: GatewayStatus) -> Text:
    """Sessions in the first line, figures in the second."""
    text = Text(f"{one.gateway:<12} ", style="")
    text.append_text(_session("market data", one.md))
    if one.td.since:
        text.append(" · ").append_text(_session("trading", one.td))
    if one.md.trading_day:
        text.append(f" · trading day {one.md.trading_day}")
    if one.simulated:
        text.append(" · ").append("SIMULATED", style="bold white on red")
    latency = f", p99 {one.latency.p99:.0f} µs" if one.latency else ""
    lost = "".join(f", {count} dropped: {cause}" for cause, count in one.drops.items() if count)
    refused = "".join(f", {count} rejected: {cause}" for cause, count in one.rejects.items() if count)
    text.append(
        f"\n{'':<13}{one.acknowledged}/{one.requested} subscribed of {one.contracts} contracts"
        f" · {one.ticks} ticks, {one.rate:.0f}/s{latency}{lost}{refused} · {one.sdk}"
    )
    return text


def _session(name: str, session: Session) -> Text:
    code = "" if session.code is None else f" [{session.code}]"
    words = f"{code} {session.message}" if session.message else code
    return Text(f"{name} ").append(str(session.state), style=_COLOURS.get(session.state, "yellow")).append(words)
