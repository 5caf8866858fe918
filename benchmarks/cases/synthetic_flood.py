"""The highest lossless rate of our whole path beside every other way, without an SDK in front."""

from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from benchmarks.cases import flood
from benchmarks.cases.case import Case, Length, scratch
from benchmarks.cases.entrants import PEERS, RPC, Entrants, enter, ours, peers
from benchmarks.lanes import senders
from benchmarks.lanes.native import NATIVE, PYTHON
from benchmarks.lanes.raw import RAW, raw_limit
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS
from benchmarks.wire_size import tick_bytes

BEST = ""
"""Stands for the accelerator where it is there, else for Python."""
FIGURE = "highest lossless rate"


class Goal(NamedTuple):
    """Times the peer's rate."""

    ours: str
    peer: str
    times: float


GOALS = (
    Goal(NATIVE, RPC, 25),
    Goal(PYTHON, RPC, 13),
    Goal(BEST, senders.ZMQ, 4),
    Goal(BEST, senders.NATS, 15),
    Goal(BEST, RAW, 0.25),
)


def run(name: str, threads: int, length: Length) -> list[Result]:
    """Every side in turns."""
    with scratch() as folder, ExitStack() as stack:
        lanes = enter(stack, folder / "lanes", ours(threads) | peers(threads))
        limit = enter(stack, folder / "raw", {RAW: lambda place: raw_limit(place, tick_bytes())})
        sides = dict(zip(lanes.sides, flood.searched(lanes.sides.values()), strict=True)) | limit.sides
        flooded = flood.flood(name, list(sides.values()), length, may_leave=PEERS)
    found = {side: rates for side, rates in zip(sides, flooded.rates, strict=True) if rates}
    missing = lanes.missing | limit.missing | {side: why for side, why in flooded.left.items() if side not in found}
    seconds = length.seconds or flood.SECONDS
    about = (
        f"{threads} thread(s) make fresh TickData of {INSTRUMENTS} instruments with 5 levels, the same for all sides; "
        f"runs of {seconds:g} s, {length.rounds or flood.ROUNDS} round(s) in turns; lossless: nothing missing, twice "
        f"or out of order, backlog drained within {flood.drain_of(seconds):.2g} s; ours: worker of kind vnpy, NATS, "
        "public SDK; vnpy RPC: EventEngine, RpcServer → RpcClient (pickle), as vnpy_rpcservice does; the other peers "
        "encode by msgspec, so against them the way counts and not the codec (see the case codec); raw C: publisher "
        "and subscriber in C, on a nats-server as ours, messages as large as ours"
        + "".join(f"; {side} {why}" for side, why in flooded.left.items())
    )
    return compared(name, Entrants(found, missing), about)


def compared(name: str, found: Entrants[list[float]], about: str) -> list[Result]:
    """Ratios with and without a goal, then all sides next to each other."""
    results: list[Result] = []
    for goal in GOALS:
        own = goal.ours or found.best
        if reason := found.missing.get(own) or found.missing.get(goal.peer):
            results.append(
                Result.not_run(
                    name, reason, FIGURE, unit="ticks/s", ours_name=own, peer_name=goal.peer, goal=goal.times
                )
            )  # fmt: skip
        else:
            results.append(_of(name, found, own, goal.peer, about, goal=goal.times))
    mine = [side for side in (NATIVE, PYTHON) if side in found.sides]
    others = [side for side in found.sides if side not in mine]
    results += [_of(name, found, own, peer, about, detail=True) for own in mine for peer in others]
    return results


def _of(
    name: str, found: Entrants[list[float]], own: str, peer: str, about: str, goal: float | None = None, *,
    detail: bool = False,
) -> Result:  # fmt: skip
    return Result.of(
        name, FIGURE, "ticks/s", found.sides[own], found.sides[peer], ours_name=own, peer_name=peer, goal=goal,
        goal_of="ratio", conditions=about, detail=detail,
    )  # fmt: skip


def _case(name: str, threads: int, says: str) -> Case:
    return Case(name, says, partial(run, name, threads))


FOUR = _case("synthetic-flood", 4, "highest lossless rate of our whole path beside every other way, 4 producer threads")
ONE = _case("synthetic-flood-1", 1, "the same with 1 producer thread")
