"""Who takes part in a comparison on this machine, and who cannot."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.cases.case import note
from benchmarks.errors import NotRunnable
from benchmarks.lanes import bus, native, senders, synthetic
from benchmarks.lanes.lane import Lane

RPC = "vnpy RPC"
PEERS = (RPC, senders.ZMQ, senders.REDIS, senders.NATS)

T = TypeVar("T")


@dataclass(frozen=True)
class Entrants(Generic[T]):
    """Sides by name, why the others are not there, and which of those the task beat: the machine had what they need."""

    sides: dict[str, T]
    missing: dict[str, str] = field(default_factory=dict[str, str])
    beaten: frozenset[str] = frozenset()

    @property
    def best(self) -> str:
        """What users have by default: the accelerator where it is there."""
        return native.NATIVE if native.NATIVE in self.sides or native.NATIVE in self.beaten else native.PYTHON


def enter(
    stack: ExitStack, folder: Path, ways: Mapping[str, Callable[[Path], AbstractContextManager[T]]]
) -> Entrants[T]:
    """Every side that this machine can run, each in a folder of its own, until the stack unwinds."""
    sides: dict[str, T] = {}
    missing: dict[str, str] = {}
    for number, (name, way) in enumerate(ways.items()):
        try:
            sides[name] = stack.enter_context(way(folder / str(number)))
        except NotRunnable as error:
            missing[name] = str(error)
            note(f"{name}: not run: {error}")
    return Entrants(sides, missing)


def ours(threads: int) -> dict[str, Callable[[Path], AbstractContextManager[Lane]]]:
    """Ours, twice."""
    return {
        native.NATIVE: lambda folder: synthetic.ours(folder, threads, native=True),
        native.PYTHON: lambda folder: synthetic.ours(folder, threads),
    }


def ctp_ours() -> dict[str, Callable[[Path], AbstractContextManager[Lane]]]:
    """Ours in front of a simulated counter, twice."""
    return {native.NATIVE: lambda folder: bus.ctp(folder, native=True), native.PYTHON: bus.ctp}


def peers(threads: int) -> dict[str, Callable[[Path], AbstractContextManager[Lane]]]:
    """The others, in the order of PEERS."""
    return {
        RPC: lambda folder: synthetic.peer(folder, threads),
        senders.ZMQ: lambda folder: senders.over_zmq(folder, threads),
        senders.REDIS: lambda folder: senders.over_redis(folder, threads),
        senders.NATS: lambda folder: senders.over_nats(folder, threads),
    }
