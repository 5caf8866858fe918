"""What both CTP sessions do about a refused login: wait, try once more, or latch."""

from collections.abc import Callable, Mapping
from typing import Any

from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.gateways.ctp.errors import Verdict, judge
from marketbus.ports.gateway import GatewaySink, Logged, SessionChanged

MAX_ATTEMPTS = 2
"""A login refused for good is tried no more often than this: counters lock accounts after a few."""
RETRY_SECONDS = 10.0


class Login:
    """Counts a session's refused logins and decides what follows. Called in the SDK's threads."""

    def __init__(self, channel: Channel, sink: GatewaySink, later: Callable[[Channel, float], None]) -> None:
        self._channel = channel
        self._sink = sink
        self._later = later
        self._refused = 0
        self.latched = False

    def succeeded(self) -> None:
        """The venue took us."""
        self._refused = 0

    def refused(self, code: str, error: Mapping[str, Any]) -> None:
        """The venue refused; `code` is the message to log."""
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
        waiting = {"channel": self._channel.value, "words": said, "seconds": RETRY_SECONDS}
        self._sink.event(Logged(Level.WARNING, "session.waiting", {**waiting}))
        self._later(self._channel, RETRY_SECONDS)

    def _changed(self, state: SessionState, code: int, message: str) -> SessionChanged:
        return SessionChanged(self._channel, state, code=code, message=message)
