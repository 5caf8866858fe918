"""The lab's control protocol for a source that lives in a thread."""

import socket
from collections.abc import Callable
from typing import Any

import msgspec


def serve(port: int, order: Callable[[str, dict[str, Any]], Any]) -> None:
    """Answers one client after the other on loopback, one JSON object a line, until the process ends."""
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            client, _ = server.accept()
            with client, client.makefile("rwb") as file:
                for line in file:
                    asked: dict[str, Any] = msgspec.json.decode(line)
                    result = order(asked.pop("do"), asked)
                    file.write(msgspec.json.encode({"ok": True, "result": result}) + b"\n")
                    file.flush()
