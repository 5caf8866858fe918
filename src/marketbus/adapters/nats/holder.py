"""Who holds a gateway's name, and whether a holder is certainly gone."""

import os
import socket
from pathlib import Path

import msgspec


class Holder(msgspec.Struct, frozen=True):
    """One incarnation of a worker; `token` tells two of them apart."""

    host: str
    pid: int
    token: str
    machine: str = ""
    """Where `pid` means something: the boot and its process namespace. Empty where that cannot be told."""


def myself(token: str) -> Holder:
    """This process."""
    return Holder(socket.gethostname(), os.getpid(), token, _machine())


def is_gone(holder: Holder) -> bool:
    """Whether the holder ran here and its process is no more: its name need not run out then."""
    if not holder.machine or holder.machine != _machine() or holder.pid <= 0:
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # another user's
        return False
    return False


def _machine() -> str:
    # Two containers may share a host name but never a process namespace; boot ids differ between machines.
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 (no path, a name)
    except OSError:
        return ""
