"""One query at a time, at the counter's pace, each to its last row.

A counter of the family takes one query a second and session and one at a time: the SDK answers -2 or -3 to what comes
sooner, the counter itself ErrorID 90. The contract list and all that the order desk asks share this queue.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count
from threading import RLock
from typing import Any

from marketbus.gateways.ctp_family.order_errors import NOT_READY, said
from marketbus.ports.clock import Clock

INTERVAL = 1.1
"""Seconds from one query to the next, and before one is repeated that the SDK did not take."""
REFUSED_RETRY = 5.0
"""Seconds after a query that the counter was not ready for."""
MAX_TRIES = 8
"""Of one query, before its asker is told that it cannot be had."""
_EARLY = 0.02
"""Seconds that a timer may come before its time."""


def _nothing(*_: object) -> None: ...


@dataclass(eq=False, slots=True)
class Query:
    """One query. Its functions are called in the SDK's thread, in the lane or on the loop, and must not block."""

    what: str
    """Such as `orders`."""
    ask: Callable[[int], int]
    """Sends it with a request id; 0, or the SDK's reason for not sending."""
    row: Callable[[Mapping[str, Any]], None]
    """Takes one record; `begin` comes before the first one, each time it is asked."""
    done: Callable[[], None]
    """The last row was taken."""
    failed: Callable[[str], None] = _nothing
    """It ended before its last row: why. Told once at most, and never after `done`."""
    begin: Callable[[], None] = _nothing
    unanswered: Callable[[float], None] = _nothing
    """Of a patient one: the counter said nothing for so many seconds; it is asked again."""
    patient: bool = False
    """Asked again for as long as the session lasts."""
    urgency: int = 1
    """The lower, the sooner."""
    tries: int = field(default=0, init=False)


class QueryQueue:
    """Of one session. Any thread may call; the SDK is called in the lane only, by `run`."""

    def __init__(self, later: Callable[[float], None], clock: Clock, timeout: float) -> None:
        """`later` calls `run` in the lane after so many seconds; `timeout`: seconds without a row or answer."""
        self._later = later
        self._clock = clock
        self._timeout = timeout
        self._lock = RLock()  # a row is taken under it: none of an earlier asking may slip into a later one
        self._waiting: list[tuple[int, int, Query]] = []
        self._order = count()
        self.ids = count(1)
        """Request ids, of everything that the session asks: an error may name nothing else."""
        self._current: Query | None = None
        self._request: int | None = None
        """Of the current query, while its answer is awaited."""
        self._heard = 0.0
        self._next_at = 0.0
        self._due: float | None = None
        self._open = False

    def open(self) -> None:
        """The session is there: queries go out."""
        with self._lock:
            self._open = True
            self._next_at = min(self._next_at, self._clock.monotonic() + INTERVAL)
            self._wake()

    def lost(self) -> None:
        """The session is gone, and with it everything that was asked."""
        with self._lock:
            self._open = False
            ended = [query for _, _, query in sorted(self._waiting)]
            if self._current is not None:
                ended.insert(0, self._current)
            self._waiting.clear()
            self._current = self._request = None
        for query in ended:
            query.failed("the session was lost")

    def put(self, query: Query) -> None:
        """Ask when its turn comes; at once `failed` when there is no session."""
        with self._lock:
            is_open = self._open
            if is_open:
                heappush(self._waiting, (query.urgency, next(self._order), query))
                self._wake()
        if not is_open:
            query.failed("no session")

    def withdraw(self, query: Query) -> None:
        """Nobody waits for it any more; what is on its way already is read to its end."""
        with self._lock:
            self._waiting = [each for each in self._waiting if each[2] is not query]
            heapify(self._waiting)

    def run(self) -> None:
        """What is due; in the lane."""
        with self._lock:
            self._due = None
            if not self._open or self._request is not None or (self._current is None and not self._waiting):
                return
            now = self._clock.monotonic()
            if self._next_at - now > _EARLY:
                self._wake()
                return
            if self._current is None:
                self._current = heappop(self._waiting)[2]
            query, request = self._current, next(self.ids)
            self._request, self._heard, self._next_at = request, now, now + INTERVAL
            query.tries += 1
            query.begin()
        code = query.ask(request)
        if code:
            self._again(request, INTERVAL, f"the SDK did not take the query ({code})")

    def answer(self, request: int, data: Mapping[str, Any], error: Mapping[str, Any], *, last: bool) -> bool:
        """One callback of an answer; False when nobody waits for it (it was asked again meanwhile)."""
        with self._lock:
            query = self._current
            if query is None or request != self._request:
                return False
            self._heard = self._clock.monotonic()
            error_id = error.get("ErrorID", 0)
            if data and not error_id:
                query.row(data)
        if error_id:
            why = said(error_id, str(error.get("ErrorMsg", "")))
            if error_id == NOT_READY or query.patient:
                self._again(request, REFUSED_RETRY, why)
            elif self._end(request):
                query.failed(why)
        elif last and self._end(request):
            query.done()
        return True

    def look(self) -> None:
        """Ends or repeats what has not been answered for too long."""
        with self._lock:
            query, request = self._current, self._request
            if query is None or request is None or self._clock.monotonic() - self._heard < self._timeout:
                return
        why = f"no answer for {self._timeout:g} s"
        if query.patient:
            self._again(request, 0.0, why)
            query.unanswered(self._timeout)
        elif self._end(request):
            query.failed(why)

    def _again(self, request: int, seconds: float, why: str) -> None:
        """The same query once more, unless it has had its tries."""
        with self._lock:
            query = self._current
            if query is None or request != self._request:
                return
            given_up = not query.patient and query.tries >= MAX_TRIES
            if given_up:
                self._current = None
            self._request = None
            self._next_at = max(self._next_at, self._clock.monotonic() + seconds)
            self._wake()
        if given_up:
            query.failed(f"{why}, {query.tries} times")

    def _end(self, request: int) -> bool:
        with self._lock:
            if request != self._request:
                return False
            self._current = self._request = None
            self._wake()
            return True

    def _wake(self) -> None:
        """Have `run` called when the next query may go out; one call is due at a time."""
        if not self._open or self._request is not None or (self._current is None and not self._waiting):
            return
        now = self._clock.monotonic()
        at = max(now, self._next_at)
        if self._due is None or at < self._due - _EARLY:
            self._due = at
            self._later(at - now)
