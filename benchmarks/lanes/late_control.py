"""A control connection to a source that is born inside the process under test."""

from collections.abc import Generator
from contextlib import contextmanager, suppress

from benchmarks.lanes.lane import wait_for
from marketbus.lab.ctp_family.client import LabControl


class LateControl(LabControl):
    """Connects on first use, waiting for the source to listen."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = False

    def call(self, command: str, **arguments: object) -> object:
        """As LabControl."""
        if not self._open:
            wait_for("the synthetic gateway's control port", self._connected)
        return super().call(command, **arguments)

    def close(self) -> None:
        """Hangs up."""
        if self._open:
            super().close()

    def _connected(self) -> bool:
        with suppress(OSError):
            super().__init__("127.0.0.1", self._port)
            self._open = True
        return self._open


@contextmanager
def late_control(port: int) -> Generator[LateControl]:
    """Closed at the end."""
    control = LateControl(port)
    try:
        yield control
    finally:
        control.close()
