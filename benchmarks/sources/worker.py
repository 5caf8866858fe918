"""The worker process as it is, with one thread more that can be told to compute. Arguments: the worker's own."""

import os
import sys
import threading

import msgspec

from benchmarks.sources.busy import Busy
from marketbus.apps import worker


def listen() -> None:
    """Until stdin ends."""
    busy = Busy()
    for line in sys.stdin.buffer:
        on = busy.set(on=bool(msgspec.json.decode(line)["on"]))
        os.write(1, msgspec.json.encode({"result": on}) + b"\n")


if __name__ == "__main__":
    threading.Thread(target=listen, daemon=True).start()
    worker.main()
