"""Order and trade events of a gateway that also carries half the ticks that it can, against the same one without."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases import flood
from benchmarks.cases.case import Case, Length, note, scratch
from benchmarks.cases.ctp_orders import paced, quantiles_ms
from benchmarks.consumers.orders import Sample
from benchmarks.errors import NotRunnable
from benchmarks.lanes import orders
from benchmarks.lanes.folders import made
from benchmarks.lanes.lane import Lane
from benchmarks.lanes.native import NATIVE, PYTHON
from benchmarks.lanes.orders import OrderLane
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS, counter
from marketbus.lab.ctp_family.client import LabControl

NAME = "ctp-orders-flood"
SYMBOL = "rb2701.SHFE"
RATE = 100.0
SECONDS = 5.0
ROUNDS = 3
WARM_UP = 100
GOAL = 2.0
"""Times the idle p99."""


class Side(NamedTuple):
    """One worker that trades and carries every tick, in front of a counter of its own."""

    desk: OrderLane
    control: LabControl
    ticks: Lane


def run(length: Length) -> list[Result]:
    """One after the other; each is compared with itself."""
    results: list[Result] = []
    with scratch() as folder:
        for name, native in ((NATIVE, True), (PYTHON, False)):
            try:
                with _side(made(folder / name.rpartition(" ")[2]), native=native) as side:
                    results += _measured(side, length)
            except NotRunnable as error:
                note(f"{NAME}: {name}: not run: {error}")
                results += [
                    Result.not_run(
                        NAME, str(error), f"{event} p99", unit="ms", ours_name=name, peer_name="idle", goal=GOAL,
                        lower_is_better=True,
                    )
                    for event in ("order event", "trade event")
                ]  # fmt: skip
    return results


@contextmanager
def _side(folder: Path, *, native: bool) -> Generator[Side]:
    with (
        counter(folder, rate=20.0) as (addresses, control),
        orders.bus(folder / "ours", addresses, SYMBOL, native=native, everything=True) as desk,
    ):
        assert desk.ticks is not None
        yield Side(desk, control, Lane(desk.name, control, desk.server, desk.ticks, desk.broker))


def _measured(side: Side, length: Length) -> list[Result]:
    desk, control, ticks = side
    control.rate(0)
    most = flood.Searched(ticks).highest(length.seconds or flood.SECONDS)
    note(f"{NAME}: {desk.name}: {most:,.0f} ticks/s lossless")
    count = round(RATE * (length.seconds or SECONDS))
    paced(desk, control, RATE, WARM_UP, desk.price)
    idle: list[list[Sample]] = []
    loaded: list[list[Sample]] = []
    for _ in range(length.rounds or ROUNDS):
        for rate, found in ((0.0, idle), (most / 2, loaded)):
            control.rate(rate)
            found.append(paced(desk, control, RATE, count, desk.price).samples)
            control.rate(0)
            ticks.consumer.ask("take")  # its ledger shall not grow
    about = (
        f"{count} orders at {RATE:g}/s, {len(idle)} round(s) in turns, while the same worker carries half of the "
        f"{most:,.0f} ticks/s of {INSTRUMENTS} instruments that it carries without loss; peer: without ticks. Order "
        "and trade event: the SDK's callback → journal on the disk → NATS → the client's handler; call → accepted: the "
        "client's call → desk → journal → vnpy_ctp → counter and back"
    )
    return [
        Result.of(
            NAME, f"{figure} {share}", "ms", [quantiles_ms(each)[place] for each in map(take, loaded)],
            [quantiles_ms(each)[place] for each in map(take, idle)], ours_name=desk.name, peer_name="idle",
            goal=GOAL if share == "p99" and "event" in figure else None, goal_of="ratio", lower_is_better=True,
            conditions=about,
        )
        for figure, take in (("order event", _ordered), ("trade event", _filled), ("call → accepted", _whole))
        for place, share in enumerate(("p50", "p99"))
    ]  # fmt: skip


def _ordered(samples: list[Sample]) -> list[int]:
    return [each.told - each.heard for each in samples]


def _filled(samples: list[Sample]) -> list[int]:
    return [each.fill_told - each.fill_heard for each in samples if each.fill_told]


def _whole(samples: list[Sample]) -> list[int]:
    return [each.told - each.began for each in samples]


CASE = Case(NAME, "order and trade events at half the lossless tick maximum, against idle", run)
