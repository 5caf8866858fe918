"""One paced run over a lane, judged by the oracle."""

import time
from typing import NamedTuple

import msgspec

from benchmarks.errors import BenchmarkFailed
from benchmarks.judge import Verdict, expected, judge
from benchmarks.lanes.lane import Lane
from benchmarks.ledger import Arrivals
from benchmarks.procfs import Cost, cost

LOOK = 0.01
QUIET = 1.5
"""Seconds without a tick after which no more is expected."""
SHORTEST = 0.3
"""Seconds of a burst that says something."""
PATIENCE = 30.0
"""Seconds for a backlog to drain before the lane counts as broken."""


class Step(msgspec.Struct, frozen=True):
    """`asked` and `reached` in ticks/s; `drained`: seconds from the venue's last tick to the consumer's, or None.

    `spent`: CPU seconds and growth of memory of each of the lane's processes, by its part in it.
    """

    asked: float
    reached: float
    seconds: float
    drained: float | None
    verdict: Verdict
    arrivals: Arrivals
    spent: dict[str, Cost]

    def lossless(self, drain: float) -> bool:
        """Nothing missing, twice or out of order, and the backlog gone within `drain` seconds."""
        return self.verdict.clean and self.drained is not None and self.drained <= drain

    @property
    def bad(self) -> int:
        """Ticks with which anything was wrong."""
        verdict = self.verdict
        return verdict.missing + verdict.duplicated + verdict.disordered + verdict.unsent

    @property
    def words(self) -> str:
        """For people."""
        drained = "not drained" if self.drained is None else f"drained in {self.drained * 1000:.0f} ms"
        return f"{self.reached:,.0f} ticks/s for {self.seconds:.1f} s: {self.verdict.words}, {drained}"


def run(lane: Lane, rate: float, seconds: float, *, venue_latency: bool = False) -> Step:
    """Let the venue send `rate` ticks/s, stop it, wait for the rest, and judge."""
    lane.consumer.ask("take", offset=lane.market_offset() if venue_latency else None)
    books = lane.control.oracle()
    before = {part: cost(pid) for part, pid in lane.parts.items()}
    began = time.monotonic()
    lane.control.rate(rate)
    time.sleep(seconds)
    lane.control.rate(0)
    ended = time.monotonic()
    sent = expected(books, lane.control.oracle())
    rest = _rest(lane, sent.total, ended)
    drained = rest.seconds if rest.arrived >= sent.total else None
    spent = {part: cost(pid).since(before[part]) for part, pid in lane.parts.items()}
    arrivals = msgspec.convert(lane.consumer.ask("take"), Arrivals)
    verdict = judge(sent, arrivals.live, arrivals.snapshots)
    return Step(rate, sent.total / (ended - began), ended - began, drained, verdict, arrivals, spent)


def capacity(lane: Lane, ticks: int) -> float:
    """Ticks/s that come out at the other end of a burst: a first guess, lossless or not."""
    rate = _burst(lane, ticks)
    if ticks / rate < SHORTEST:  # over before anything has warmed up
        rate = _burst(lane, round(rate * SHORTEST * 2))
    return rate


def _burst(lane: Lane, ticks: int) -> float:
    lane.consumer.ask("take")
    books = lane.control.oracle()
    began = time.monotonic()
    lane.control.burst(ticks)
    rest = _rest(lane, expected(books, lane.control.oracle()).total, began)
    if not rest.arrived:
        raise BenchmarkFailed(f"{lane.name}: nothing of a burst of {ticks} arrived")
    return rest.arrived / rest.seconds


class _Rest(NamedTuple):
    arrived: int
    seconds: float
    """Until the last tick arrived."""


def _rest(lane: Lane, total: int, since: float) -> _Rest:
    """Wait until the consumer has `total`, or hears no more."""
    deadline = time.monotonic() + PATIENCE
    count, moved = -1, time.monotonic()
    while True:
        seen, now = lane.consumer.ask("count")["count"], time.monotonic()
        if seen != count:
            count, moved = seen, now
        if count >= total or now - moved > QUIET:
            return _Rest(count, moved - since)
        if now > deadline:
            raise BenchmarkFailed(f"{lane.name}: still at it {PATIENCE:g} s after the venue stopped")
        time.sleep(LOOK)
