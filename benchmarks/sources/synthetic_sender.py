"""The synthetic gateway and one of the senders: `synthetic_sender KIND ADDRESS PORT THREADS`."""

import os
import sys
from typing import Any

import msgspec
from vnpy.event import EventEngine
from vnpy.trader.object import ContractData

from benchmarks.senders import Sender, sender
from benchmarks.sources.busy import Busy
from benchmarks.sources.synthetic import SyntheticGateway


class Bare(SyntheticGateway):
    """Past EventEngine."""

    def __init__(self, out: Sender) -> None:
        super().__init__(EventEngine(), "SYNTHETIC")
        self.on_tick = out.tick

    def on_contract(self, contract: ContractData) -> None:
        """Nobody asks."""


def main(kind: str, address: str, port: str, threads: str) -> None:
    """Until stdin ends; then at once."""
    out, busy = sender(kind, address), Busy()
    Bare(out).connect({"port": port, "threads": threads})
    for line in sys.stdin.buffer:
        asked: dict[str, Any] = msgspec.json.decode(line)
        result: Any = None
        match asked["do"]:
            case "hello":
                out.hello()
            case "busy":
                result = busy.set(on=asked["on"])
            case other:
                raise ValueError(other)
        os.write(1, msgspec.json.encode({"result": result}) + b"\n")
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
