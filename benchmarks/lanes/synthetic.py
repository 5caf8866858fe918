"""Both ways in front of the synthetic gateway."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.lanes.bus import PAST_PYTHON, bus_lane
from benchmarks.lanes.folders import free_port, made
from benchmarks.lanes.lane import Lane
from benchmarks.lanes.late_control import late_control
from benchmarks.lanes.rpc import rpc_lane
from benchmarks.sources.counter import INSTRUMENTS

GATEWAY = "benchmarks.sources.synthetic:SyntheticGateway"


@contextmanager
def ours(folder: Path, threads: int, *, native: bool = False) -> Generator[Lane]:
    """Hosted by a worker of kind `vnpy`.

    Raises:
        NotRunnable: the accelerator is wanted and not there.
    """
    made(folder)
    port = free_port()
    gateway = {"kind": "vnpy", "class": GATEWAY, "setting": {"port": port, "threads": threads}}
    with (
        late_control(port) as control,
        bus_lane(folder, gateway, control, INSTRUMENTS, native=native, native_parts=PAST_PYTHON) as lane,
    ):
        yield lane


@contextmanager
def peer(folder: Path, threads: int) -> Generator[Lane]:
    """In an EventEngine, published by vnpy's RPC."""
    made(folder)
    port = free_port()
    module = "benchmarks.sources.synthetic_rpc"
    with (
        late_control(port) as control,
        rpc_lane(folder, module, (str(port), str(threads)), control, INSTRUMENTS, lean=False) as lane,
    ):
        yield lane
