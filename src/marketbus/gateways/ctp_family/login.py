"""What a session does about its logins: one at a time, timed, and after a refusal wait, try once more, or latch."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec
from msgspec import structs

from marketbus.domain.message import Bilingual, reason
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.domain.times import NS, to_datetime
from marketbus.gateways.ctp_family.account import Account, Refusal
from marketbus.gateways.ctp_family.errors import judge
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import GatewaySink, Logged, SessionChanged

EARLY = 0.05
"""Seconds that a retry may come before its time: timers are not exact."""


REST = 300.0
"""Seconds between two attempts while no session is near; a longer `retry` stays as it is."""


class Patience(msgspec.Struct, frozen=True):
    """Seconds."""

    timeout: float
    """Without an answer."""
    retry: float
    """Between two attempts, 20 % more or less by chance."""


class Login:
    """One session's logins. Called in the SDK's threads, in the lane and on the loop.

    One login is on its way at a time and one retry is due at a time: a front that comes and goes must not multiply
    the attempts, and a retry that comes due after a success must not log in again.
    """

    def __init__(
        self,
        channel: Channel,
        sink: GatewaySink,
        account: Account,
        later: Callable[[Channel, float], None],
        patience: Patience,
        clock: Clock,
        random: Random,
        unattended: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`later` calls `begin(again=True)` after so many seconds, in the lane.

        `unattended` gives the seconds until the line must be there again, 0 while it must.
        """
        self.other: Login | None = None
        """The other session's, which may wait for our answer."""
        self._channel = channel
        self._sink = sink
        self._account = account
        self._lock = account.lock
        self._later = later
        self._patience = patience
        self._clock = clock
        self._random = random
        self._unattended = unattended
        self._rested = 0.0
        self._sent: float | None = None
        self._due: float | None = None
        self._in_turn = False
        self._in = False
        self._heard = clock.monotonic()
        self._answered = False

    @property
    def latched(self) -> bool:
        """Whether no further login will be sent by this process."""
        return self._channel in self._account.refused

    @property
    def taken(self) -> bool:
        """Whether the session is logged in."""
        return self._in

    @property
    def silence(self) -> float:
        """Seconds without a word of the venue; 0 while the next word is ours, after a refusal."""
        return 0.0 if self._answered else self._clock.monotonic() - self._heard

    def begin(self, *, connected: bool, again: bool) -> bool:
        """Whether to send a login now; counts as sent then. `again`: this is the retry that was due."""
        with self._lock:
            now = self._clock.monotonic()
            if self._due is not None and now < self._due - EARLY:
                return False
            if again and self._due is None:
                return False
            self._due = None
            self._in_turn = False
            if self.latched or self._in or self._sent is not None or not connected:
                return False
            if self._rest(now) > 0:  # looked at anew each time: the market's clock may be set
                self._again(min(self._jittered(), self._rested - now))
                return False
            wait = self._account.wait(self._channel, now)
            if wait > 0:
                self._in_turn = True
                self._again(wait)
                return False
            self._sent = now
            if self._answered:
                self._answered = False
                self._heard = now
            self._account.sent(self._channel, now)
            return True

    def went_on(self) -> None:
        """The first of two steps was answered: the time-out begins anew."""
        with self._lock:
            if self._sent is not None:
                self._sent = self._heard = self._clock.monotonic()

    def succeeded(self) -> bool:
        """The venue took us; False when that was known or comes too late to matter."""
        with self._lock:
            if self._in or self.latched:
                return False
            self._in = True
            self._sent = self._due = None
            self._rested = 0.0
            self._heard = self._clock.monotonic()
            self._account.accepted(self._channel)
            self._your_turn()
            return True

    def front_lost(self) -> None:
        """The connection is gone, and the login or its answer with it."""
        with self._lock:
            if self._in:
                self._heard = self._clock.monotonic()
            self._sent = None
            self._in = False
            self._account.unanswered(self._channel)
            self._your_turn()

    @property
    def overdue(self) -> bool:
        """Whether the login on its way has had its time."""
        sent = self._sent
        return sent is not None and self._clock.monotonic() - sent >= self._patience.timeout

    def timed_out(self) -> None:
        """Report the login on its way as unanswered; it is tried again. A late answer still counts."""
        with self._lock:
            if not self.overdue:
                return
            self._sent = None
            self._account.unanswered(self._channel)
            seconds = self._patience.timeout
            self._sink.event(Logged(Level.ERROR, f"{self._channel}.login_timeout", {"seconds": seconds}))
            hint = Bilingual(f"no answer to the login within {seconds:g} s", f"{seconds:g} 秒内没有收到登录应答")
            self._try_later(SessionChanged(self._channel, SessionState.WAITING, hint=hint))

    def refused(self, code: str, error: Mapping[str, Any]) -> None:
        """The venue refused; `code` is the message to log."""
        error_id, words = int(error["ErrorID"]), str(error["ErrorMsg"])
        self._sink.event(Logged(Level.ERROR, code, {"error": error_id, "words": words}))
        meaning = judge(error_id)
        with self._lock:
            if self._in:
                return  # the late answer to an earlier attempt
            self._sent = None
            self._answered = True
            refusal = Refusal(error_id, words, self._clock.now())
            if self._account.judged(self._channel, meaning.verdict, refusal):
                self._due = None
                self.fail()
                if self.other is not None and self.other.latched:
                    self.other.fail()
                self._your_turn()
                return
            said = f"[{error_id}] {words}"
            self._try_later(
                SessionChanged(self._channel, SessionState.WAITING, code=error_id, message=said, hint=meaning.hint)
            )

    def fail(self) -> None:
        """Say that this session is given up, and why."""
        refusal = self._account.refused[self._channel]
        self._sink.event(
            SessionChanged(
                self._channel,
                SessionState.FAILED,
                code=refusal.code,
                message=f"[{refusal.code}] {refusal.words}",
                hint=judge(refusal.code).hint,
            )
        )

    def _try_later(self, waiting: SessionChanged) -> None:
        """Soon, or while no session is near after a rest, which ends when one comes near."""
        now, seconds = self._clock.monotonic(), self._jittered()
        self._rested = now + self._spread(max(REST, self._patience.retry))
        rest = self._rest(now)
        why = reason(waiting.message, waiting.hint)
        fields = {"channel": self._channel.value, "why": why, "seconds": round(seconds, 1)}
        if rest > seconds:
            at = f"{to_datetime(self._clock.now() + int(rest * NS)):%H:%M}"
            fields["at"] = at
            waiting = structs.replace(waiting, hint=_next_try(waiting.hint, at))
        self._sink.event(waiting)
        if rest > seconds:
            self._sink.event(Logged(Level.WARNING, "session.resting", {**fields}))
        elif waiting.code is not None:
            self._sink.event(Logged(Level.WARNING, "session.waiting", {**fields}))
        if self._due is None:
            self._again(seconds)
        self._your_turn()

    def _rest(self, now: float) -> float:
        """Seconds left to rest after the last attempt."""
        left = self._rested - EARLY - now
        return min(left, self._unattended()) if left > 0 else 0.0

    def _your_turn(self) -> None:
        if self.other is not None:
            self.other._take_turn()

    def _take_turn(self) -> None:
        if self._in_turn:
            self._again(0.0)

    def _again(self, seconds: float) -> None:
        self._due = self._clock.monotonic() + seconds
        self._later(self._channel, seconds)

    def _jittered(self) -> float:
        return self._spread(self._patience.retry)

    def _spread(self, seconds: float) -> float:
        return seconds * self._random.uniform(0.8, 1.2)


def _next_try(hint: Bilingual | None, at: str) -> Bilingual:
    following = Bilingual(f"no session is near, the next login at {at}", f"非交易时段，下次登录 {at}")
    if hint is None:
        return following
    return Bilingual(f"{hint.english}; {following.english}", f"{hint.chinese}；{following.chinese}")
