"""Last values as a table."""

from rich import box
from rich.console import JustifyMethod
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS

_UP, _DOWN = "red", "green"  # as Chinese screens have it


class Board:
    """The latest tick of each instrument."""

    def __init__(self, title: str = "") -> None:
        self._title = title
        self._latest: dict[tuple[str, str], tuple[Tick, int]] = {}
        self._count = 0
        self._marked = (0.0, 0)
        self._rate = 0.0
        self._simulated = False

    def take(self, tick: Tick, now: int) -> None:
        """Show this tick from now on; it came at `now` (ns UTC)."""
        self._latest[tick.gateway, tick.vt_symbol] = tick, now - tick.received
        self._count += 1
        self._simulated |= tick.simulated

    def render(self, now: int, rows: int) -> Panel:
        """The table. `now`: ns UTC; `rows`: how many fit."""
        self._measure(now / NS)
        table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1))
        for name, justify in _COLUMNS:
            table.add_column(name, justify=justify, no_wrap=True)
        ordered = sorted(self._latest)
        for key in ordered[:rows]:
            table.add_row(*_row(*self._latest[key]))
        hidden = len(ordered) - rows
        subtitle = f"{self._count} ticks, {self._rate:.0f}/s, {len(ordered)} instruments"
        subtitle += f" ({hidden} not shown)" if hidden > 0 else ""
        if not self._simulated:
            return Panel(table, title=self._title, subtitle=subtitle)
        banner = Text(" SIMULATED · 模拟柜台，行情不是真实行情 ", style="bold white on red")
        return Panel(table, title=banner, subtitle=subtitle, border_style="red")

    def _measure(self, seconds: float) -> None:
        since, count = self._marked
        if seconds - since >= 1.0:
            self._rate = (self._count - count) / (seconds - since) if since else 0.0
            self._marked = (seconds, self._count)


_COLUMNS: tuple[tuple[str, JustifyMethod], ...] = (
    ("gateway", "left"), ("symbol", "left"), ("name", "left"), ("last", "right"), ("change", "right"),
    ("bid", "right"), ("ask", "right"), ("volume", "right"), ("time", "left"), ("latency", "right"),
)  # fmt: skip


def _row(tick: Tick, took: int) -> list[Text | str]:
    last, change = "-", Text("-")
    if not tick.flags & TickFlag.NO_LAST:
        last = f"{tick.last_price:g}"
        base = tick.pre_settlement or tick.pre_close
        if base:
            percent = (tick.last_price / base - 1) * 100
            change = Text(f"{percent:+.2f}%", style=_UP if percent > 0 else _DOWN if percent < 0 else "")
    return [
        tick.gateway, tick.vt_symbol, tick.name, Text(last, style=change.style), change,
        _level(tick.bid_price_1, tick.bid_volume_1), _level(tick.ask_price_1, tick.ask_volume_1),
        f"{tick.volume:g}", f"{tick.time:%H:%M:%S.%f}"[:-3],
        "-" if tick.flags & TickFlag.SNAPSHOT else f"{took / 1e6:.2f} ms",
    ]  # fmt: skip


def _level(price: float, volume: float) -> str:
    return f"{price:g} × {volume:g}" if volume else "-"
