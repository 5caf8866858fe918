"""The process at the other end of a loopback connection."""

import os
import signal
from pathlib import Path

from marketbus.lab.errors import LabError


def kill(local_port: int, peer_port: int) -> int:
    """SIGKILL to whoever holds the other end; returns its id. Raises LabError when there is none but ourselves."""
    inode = _inode(peer_port, local_port)
    if inode is not None:
        wanted = f"socket:[{inode}]"
        for process in Path("/proc").glob("[0-9]*"):
            if int(process.name) != os.getpid() and _holds(process, wanted):
                os.kill(int(process.name), signal.SIGKILL)
                return int(process.name)
    raise LabError(f"no other process is connected from port {peer_port}")


def _inode(source: int, target: int) -> str | None:
    """Of the socket with these ports. Source: proc(5), /proc/net/tcp."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if (int(words[1].rpartition(":")[2], 16), int(words[2].rpartition(":")[2], 16)) == (source, target):
                return words[9]
    return None


def _holds(process: Path, wanted: str) -> bool:
    try:
        return any(str(each.readlink()) == wanted for each in (process / "fd").iterdir())
    except OSError:
        return False  # gone, or not ours
