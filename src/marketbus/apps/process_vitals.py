"""What this process costs and how promptly its event loop turns."""

import asyncio
import gc
import resource
import threading
import time
from pathlib import Path
from typing import Any

from marketbus.domain.histogram import Histogram
from marketbus.domain.vitals import ProcessVitals

BEAT = 0.1
"""Seconds between two looks at the loop."""


class ProcessMeter:
    """Measures while `run` runs."""

    def __init__(self) -> None:
        self._lag = Histogram()
        self._collections = [0, 0, 0]
        self._collecting = 0.0
        self._began = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        gc.callbacks.append(self._collected)
        try:
            loop = asyncio.get_running_loop()
            while True:
                due = loop.time() + BEAT
                await asyncio.sleep(BEAT)
                self._lag.add(loop.time() - due)
        finally:
            gc.callbacks.remove(self._collected)

    def now(self) -> ProcessVitals:
        """The figures now."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return ProcessVitals(
            cpu=used.ru_utime + used.ru_stime,
            memory=_resident(used.ru_maxrss),
            threads=threading.active_count(),
            loop_lag=self._lag.now(),
            collections=tuple(self._collections),
            collecting=self._collecting,
        )

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self._collections[info["generation"]] += 1
            self._collecting += time.perf_counter() - self._began


def _resident(peak_kib: int) -> int:
    """Bytes in memory now; where there is no /proc, at most ever."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError):
        return peak_kib * 1024
    return pages * resource.getpagesize()
