"""The lab's TWS as a process of its own."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.process import Process
from marketbus.lab.tws import TwsControl

DAY = "2026-11-20T09:30:00"
NUMBERS = {
    265598: "AAPL-USD-STK.SMART",
    272093: "MSFT-USD-STK.SMART",
    756733: "SPY-USD-STK.SMART",
    600024324: "ES-20261218-USD-FUT.CME",
    600024327: "ES-20270319-USD-FUT.CME",
    600024330: "ES-20270618-USD-FUT.CME",
    600024333: "ES-20270917-USD-FUT.CME",
    610024325: "CL-20261221-USD-FUT.NYMEX",
    610024326: "CL-20270121-USD-FUT.NYMEX",
    610024327: "CL-20270218-USD-FUT.NYMEX",
}
"""What is subscribed, by conId: each tick is a trade, at prices that move."""
INSTRUMENTS = len(NUMBERS)


class TwsSource(TwsControl):
    """Its oracle speaks of symbols, as consumers do."""

    def oracle(self) -> dict[str, dict[str, Any]]:
        """By symbol without its exchange."""
        return {NUMBERS[int(number)].partition(".")[0]: book for number, book in super().oracle().items()}


@contextmanager
def tws(folder: Path) -> Generator[tuple[int, TwsSource]]:
    """Its port, and its control; no ticks until it is told a rate. Volume rises by exactly 1 a tick."""
    argv = [sys.executable, "-m", "marketbus.apps.main", "lab", "tws", "--rate", "0", "--start", DAY]
    # vnpy_ib asks for everything at once, which TWS would answer by hanging up.
    with Process("tws", [*argv, "--pace", "0"], folder) as process:
        addresses = process.hear()
        with TwsSource.at(addresses["control"]) as control:
            yield int(addresses["tws"].rpartition(":")[2]), control
