"""From a worker to its supervisor: figures each second and log records, over a socket pair; NATS or not.

Datagrams, so that a message arrives whole or not at all and a supervisor that does not read never blocks a worker.
"""

import contextlib
import os
import socket
from threading import Lock

import msgspec

from marketbus.domain.status import LogRecord
from marketbus.domain.vitals import Standby, Vitals

VARIABLE = "MARKETBUS_REPORT_FD"
"""Names the worker's end to it."""
LARGEST = 128 * 1024
"""Bytes of one message."""
HERE = hasattr(socket, "AF_UNIX")
"""Windows has no socket pairs that a child could inherit: there a supervisor knows only whether the worker runs."""

Told = Vitals | Standby | LogRecord

_encode = msgspec.msgpack.encode
_decoder: msgspec.msgpack.Decoder[Told] = msgspec.msgpack.Decoder(Told)


def pair() -> tuple[socket.socket, socket.socket]:
    """The supervisor's end, which does not block, and the worker's, to be inherited."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * LARGEST)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * LARGEST)
    return ours, theirs


def read(message: bytes) -> Told:
    """A message.

    Raises:
        msgspec.MsgspecError: it is none of ours.
    """
    return _decoder.decode(message)


class ReportLine:
    """The worker's end; without a supervisor everything is dropped."""

    def __init__(self, end: socket.socket | None) -> None:
        self._end = end
        self._lock = Lock()
        self.dropped = 0
        """Messages that the supervisor did not take."""

    @classmethod
    def inherited(cls) -> "ReportLine":
        """From the environment, which forgets it: nothing that we start shall write there."""
        number = os.environ.pop(VARIABLE, "")
        if not HERE or not number.isdigit():
            return cls(None)
        with contextlib.suppress(OSError):
            end = socket.socket(fileno=int(number))
            end.setblocking(False)
            end.set_inheritable(False)
            return cls(end)
        return cls(None)

    def tell(self, told: Told) -> None:
        """Send, from any thread."""
        if self._end is None:
            return
        try:
            with self._lock:
                self._end.send(_encode(told))
        except OSError:  # full, too large, or the supervisor is gone
            self.dropped += 1
