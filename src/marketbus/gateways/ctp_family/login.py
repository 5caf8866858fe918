"""What both CTP sessions do about a refused login: wait, try once more, or latch."""

from collections.abc import Callable, Mapping
from typing import Any

from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.gateways.ctp_family.errors import Verdict, judge
from marketbus.ports.gateway import GatewaySink, Logged, SessionChanged

MAX_ATTEMPTS = 2
"""A login refused for good is tried no more often than this: counters lock accounts after a few."""


class Login:
    """Counts a session's refused logins and decides what follows. Called in the SDK's threads.

    One login is on its way at a time and one retry is due at a time: a front that comes and goes while the counter is
    not open must not multiply the attempts, and a retry that comes due after a success must not log in again.
    """

    def __init__(
        self, channel: Channel, sink: GatewaySink, later: Callable[[Channel, float], None], retry: float
    ) -> None:
        """`later` logs in again after so many seconds, `retry` of them."""
        self._channel = channel
        self._sink = sink
        self._later = later
        self._retry = retry
        self._refused = 0
        self._sent = False
        self._due = False
        self.latched = False

    def begin(self, *, connected: bool, again: bool) -> bool:
        """Whether to send a login now; counts as sent then. `again`: this is the retry that was due."""
        if again:
            self._due = False
        if self.latched or self._sent or not connected:
            return False
        self._sent = True
        return True

    def succeeded(self) -> None:
        """The venue took us."""
        self._refused = 0

    def front_lost(self) -> None:
        """The connection is gone, and the login or its answer with it."""
        self._sent = False

    def refused(self, code: str, error: Mapping[str, Any]) -> None:
        """The venue refused; `code` is the message to log."""
        self._sent = False
        error_id, words = int(error["ErrorID"]), str(error["ErrorMsg"])
        self._sink.event(Logged(Level.ERROR, code, {"error": error_id, "words": words}))
        verdict, hint = judge(error_id)
        if verdict is not Verdict.WAIT:
            self._refused += 1
        latch = verdict is Verdict.FATAL or self._refused >= MAX_ATTEMPTS
        said = f"[{error_id}] {words}"
        if latch:
            self.latched = True
            self._sink.event(self._changed(SessionState.FAILED, error_id, f"{said}; {hint}" if hint else said))
            return
        self._sink.event(self._changed(SessionState.WAITING, error_id, said))
        waiting = {"channel": self._channel.value, "words": said, "seconds": self._retry}
        self._sink.event(Logged(Level.WARNING, "session.waiting", {**waiting}))
        if not self._due:
            self._due = True
            self._later(self._channel, self._retry)

    def _changed(self, state: SessionState, code: int, message: str) -> SessionChanged:
        return SessionChanged(self._channel, state, code=code, message=message)
