"""Places of a lane's own."""

import socket
from pathlib import Path


def free_port() -> int:
    """A port of loopback that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def made(folder: Path) -> Path:
    """The folder, there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
