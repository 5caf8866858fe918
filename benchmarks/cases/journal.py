"""The order journal: how long an append takes to be on the disk, and how long a day's journal is re-read."""

import asyncio
import time
from pathlib import Path
from statistics import quantiles

import msgspec

from benchmarks.cases.case import Case, Length, note, scratch
from benchmarks.errors import BenchmarkFailed
from benchmarks.result import Result
from marketbus.adapters.clock import SystemClock
from marketbus.adapters.journal import SqliteJournal
from marketbus.adapters.journal.verify import verify
from marketbus.domain.journal_entry import Entry, EntryKind

NAME = "journal"
DAY = 40_000
"""Entries: 10,000 orders and cancels, four each."""
KINDS = (EntryKind.CLAIMED, EntryKind.NEW, EntryKind.SENT, EntryKind.VENUE_EVENT)
ALONE = 500
AT_ONCE = 100
"""Orders that wait for the disk together."""
ROUNDS = 3
GOAL = 2.0
"""Seconds to re-read the day."""


class _Body(msgspec.Struct):
    """About as much as an order says."""

    reference: str
    direction: str = "long"
    offset: str = "open"
    price: float = 3125.0
    volume: float = 3.0
    traded: float = 0.0
    status: str = "submitting"
    order_sys_id: str = "      123456"
    front_id: int = 1
    session_id: int = -1234567
    status_msg: str = "未成交"
    verdicts: tuple[str, ...] = ("max_volume", "price_collar", "position_limit", "open_orders", "order_rate")


def _entry(number: int, kind: EntryKind) -> Entry:
    return Entry(
        kind=kind,
        time=time.time_ns(),
        trading_day=20261123,
        account="main",
        client_order_id=f"strategy-1-{number:08}",
        vt_symbol="rb2701.SHFE",
        principal="strategy-1",
        host="desk-7",
        strategy="grid",
        body=msgspec.json.encode(_Body(f"1_{number}")).decode(),
    )


class _Measured(msgspec.Struct):
    """Of one journal; seconds."""

    alone: list[float]
    grouped: float
    reread: float
    verified: float
    size: int


async def _write(path: Path) -> tuple[list[float], float, float]:
    """A day; then it is read once."""
    journal = SqliteJournal(path, "bench", clock=SystemClock())
    await journal.start()
    try:
        alone: list[float] = []
        for number in range(ALONE):
            began = time.perf_counter()
            await journal.append([_entry(number, kind) for kind in KINDS[:2]])
            alone.append(time.perf_counter() - began)
        orders = iter(range(ALONE, ALONE + (DAY - journal.head.position) // len(KINDS)))
        began = time.perf_counter()

        async def trade() -> None:
            for number in orders:
                await journal.append([_entry(number, kind) for kind in KINDS[:2]])
                await journal.append([_entry(number, KINDS[2])])
                await journal.append([_entry(number, KINDS[3])])

        await asyncio.gather(*(trade() for _ in range(AT_ONCE)))
        grouped = (time.perf_counter() - began) / (journal.head.position - 2 * ALONE)
        began = time.perf_counter()
        seen = 0
        async for page in journal.events(0):
            seen += len([msgspec.json.decode(each.entry.body, type=_Body) for each in page])
        reread = time.perf_counter() - began
        if seen != DAY or journal.head.position != DAY:
            raise BenchmarkFailed(f"{seen} of {DAY} entries re-read")
    finally:
        await journal.stop()
    return alone, grouped, reread


def _measure(path: Path) -> _Measured:
    alone, grouped, reread = asyncio.run(_write(path))
    began = time.perf_counter()
    verdict = verify(path)
    if not verdict.ok:
        raise BenchmarkFailed(verdict.problem)
    return _Measured(alone, grouped, reread, time.perf_counter() - began, path.stat().st_size)


def run(length: Length) -> list[Result]:
    """Three journals, one after the other."""
    rounds: list[_Measured] = []
    with scratch() as folder:
        for number in range(length.rounds or ROUNDS):
            rounds.append(_measure(folder / f"{number}.sqlite"))
            note(f"{NAME}: round {number + 1}: {DAY} entries re-read in {rounds[-1].reread:.3f} s")
    about = (
        f"one journal of {DAY:,} entries (claimed + new together, sent, venue event), {rounds[0].size / DAY:.0f} bytes "
        f"each, on the disk that holds temporary files; re-reading decodes every body; {AT_ONCE} orders at once share "
        "commits, each acknowledged after its own"
    )
    cuts = [quantiles(each.alone, n=100) for each in rounds]
    return [
        _figure(f"{DAY:,} entries re-read", "s", [each.reread for each in rounds], GOAL, about),
        _figure("their hash chain verified", "s", [each.verified for each in rounds]),
        _figure("append, alone: on the disk after, p50", "ms", [1000 * each[49] for each in cuts]),
        _figure("append, alone: on the disk after, p99", "ms", [1000 * each[98] for each in cuts]),
        _figure("appended by many at once", "µs/entry", [1e6 * each.grouped for each in rounds]),
    ]


def _figure(figure: str, unit: str, ours: list[float], goal: float | None = None, conditions: str = "") -> Result:
    return Result.of(NAME, figure, unit, ours, goal=goal, lower_is_better=True, conditions=conditions)


CASE = Case(NAME, "the order journal: an append to the disk, a day re-read", run)
