"""An interpreter that has imported what every worker imports, and forks one when asked: a test that kills hundreds of
workers would otherwise spend its time on importing. Lines of JSON in, a process id per line out.

The child is a process of its own that runs the worker's own `main`; nothing of vnpy or of an SDK is loaded before, but
for the modules named as arguments.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
import time
from typing import Any

HEAVY = ("numpy", "nats", "uvloop", "marketbus.apps.bootstrap", "marketbus.apps.worker")
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def serve() -> None:
    """Until stdin ends."""
    for name in (*HEAVY, *sys.argv[1:]):
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        child = os.fork()
        if not child:
            become(asked)
        os.write(1, f"{child}\n".encode())


def become(asked: dict[str, Any]) -> None:
    """A worker. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    os.setsid()
    words = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((nothing, 0), (words, 1), (words, 2)):
        os.dup2(number, target)
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.chdir(asked["cwd"])
    sys.argv = asked["argv"]
    importlib.import_module("marketbus.apps.worker").main()
    os._exit(1)


if __name__ == "__main__":
    serve()
