"""Both ways in front of a simulated TWS."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.lanes.bus import bus_lane
from benchmarks.lanes.folders import made
from benchmarks.lanes.lane import Lane
from benchmarks.lanes.rpc import rpc_lane
from benchmarks.sources.tws import INSTRUMENTS, NUMBERS, tws


@contextmanager
def ours(folder: Path) -> Generator[Lane]:
    """ib_async in a worker of kind `ib`."""
    made(folder)
    with tws(folder) as (port, control):
        gateway = {"kind": "ib", "sdk": "lab", "setting": {"port": port}, "subscribe": list(NUMBERS.values())}
        with bus_lane(folder, gateway, control, INSTRUMENTS, "distinct") as lane:
            yield lane


@contextmanager
def peer(folder: Path, *, lean: bool = False) -> Generator[Lane]:
    """vnpy_ib, on the official ibapi, published by vnpy's RPC."""
    made(folder)
    with tws(folder) as (port, control):
        arguments = (str(port), ",".join(NUMBERS.values()))
        module = "benchmarks.sources.stock_ib"
        with rpc_lane(folder, module, arguments, control, INSTRUMENTS, "distinct", lean=lean) as lane:
            yield lane
