"""Shows a stream of ticks: a live table on a terminal, one line per tick elsewhere."""

import asyncio
import time
from collections.abc import AsyncIterator

from rich.console import Console
from rich.live import Live

from marketbus.apps.board.table import Board
from marketbus.domain.tick import Tick

REFRESH = 0.25
"""Seconds between two pictures."""

_FRAME = 7
"""Lines of a picture that are not instruments."""


async def show(ticks: AsyncIterator[Tick], board: Board, console: Console) -> None:
    """Keep the table up to date until the stream ends."""
    with Live(console=console, auto_refresh=False, transient=False) as live:

        def draw() -> None:
            live.update(board.render(time.time_ns(), max(3, console.height - _FRAME)), refresh=True)

        async def redraw() -> None:
            while True:
                draw()
                await asyncio.sleep(REFRESH)

        drawing = asyncio.create_task(redraw())
        try:
            async for tick in ticks:
                board.take(tick, time.time_ns())
            draw()
        finally:
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)


def line(tick: Tick) -> str:
    """One tick as one line of text."""
    book = f"{tick.bid_price_1:g}×{tick.bid_volume_1:g} / {tick.ask_price_1:g}×{tick.ask_volume_1:g}"
    mark = "  SIMULATED" if tick.simulated else ""
    moment = f"{tick.time:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    price = f"{tick.vt_symbol:<16} {tick.last_price:>10g}  {book:<24} {tick.volume:>9g}"
    return f"{moment}  {tick.gateway}  {price}  {tick.name}{mark}"
