"""A blocking client of the control port, for tests and scripts."""

import socket
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from marketbus.lab.errors import LabError


class LabControl:
    """One connection; every method waits for its answer and raises LabError with the lab's words when it refuses."""

    def __init__(self, host: str, port: int, timeout: float = 60.0) -> None:
        """`timeout` in seconds, for connecting and for each answer."""
        self._socket = socket.create_connection((host, port), timeout)
        self._file = self._socket.makefile("rwb")

    @classmethod
    def at(cls, address: str) -> Self:
        """From "host:port", as the lab prints it."""
        host, _, port = address.rpartition(":")
        return cls(host, int(port))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up."""
        self._file.close()
        self._socket.close()

    def call(self, command: str, **arguments: Any) -> Any:
        """Any command by name."""
        self._file.write(msgspec.json.encode({"do": command} | arguments) + b"\n")
        self._file.flush()
        line = self._file.readline()
        if not line:
            raise LabError("the lab hung up")
        answer = msgspec.json.decode(line)
        if not answer["ok"]:
            raise LabError(answer["error"])
        return answer["result"]

    def rate(self, rate: float) -> None:
        """Ticks a second over all subscribed instruments."""
        self.call("rate", rate=rate)

    def burst(self, count: int) -> dict[str, float]:
        """`count` ticks as fast as they are taken: {"sent", "seconds"}."""
        return self.call("burst", count=count)

    def pause(self) -> None:
        """No paced ticks."""
        self.call("pause")

    def resume(self) -> None:
        """Paced ticks again."""
        self.call("resume")

    def drop(self, front: str | None = None) -> int:
        """Cuts connections of "md", "md2" ..., "td" or all; returns how many."""
        return self.call("drop", front=front)

    def mute(self, *, on: bool = True, front: str | None = None, instrument: str | None = None) -> None:
        """Silences fronts, or one instrument."""
        self.call("mute", on=on, front=front, instrument=instrument)

    def refuse(self, *, on: bool = True, front: str | None = None) -> None:
        """Stops listening, or listens again."""
        self.call("refuse", on=on, front=front)

    def delay(self, ms: float, front: str | None = None) -> None:
        """Answers that many milliseconds later."""
        self.call("delay", ms=ms, front=front)

    def reject_login(self, error_id: int = 0) -> None:
        """Logins fail with that ErrorID; 0 clears."""
        self.call("reject_login", error_id=error_id)

    def ignore(self, request: str, *, on: bool = True) -> None:
        """Requests of that name, such as "ReqUserLogin", are never answered."""
        self.call("ignore", request=request, on=on)

    def malformed(self, instrument: str, fields: dict[str, Any]) -> None:
        """One tick with raw fields overwritten."""
        self.call("malformed", instrument=instrument, fields=fields)

    def crash(self, front: str = "md") -> int:
        """SIGSEGV in the SDK."""
        return self.call("crash", front=front)

    def hang(self, front: str = "md", *, calls: bool = False) -> int:
        """The SDK's callback thread, or its next call, never returns."""
        return self.call("hang", front=front, calls=calls)

    def oracle(self) -> dict[str, dict[str, int]]:
        """Symbol → {"first", "last", "count"}."""
        return self.call("oracle")

    def clock(
        self, *, start: datetime | None = None, step: float | None = None, speed: float | None = None
    ) -> dict[str, Any]:
        """Sets, steps (s) or speeds the market's time; answers it."""
        return self.call("clock", start=start, step=step, speed=speed)

    def status(self) -> dict[str, Any]:
        """Figures and switches."""
        return self.call("status")
