"""How often IB lets historical data be asked for. It counts what was sent and says how long the next must wait.

Source: TWS API, "Historical Data Limitations": no identical request within 15 seconds, fewer than six for the same
contract, exchange and tick type within two seconds, at most 60 within ten minutes, and BID_ASK counts twice. IB has
lifted the last for bars of a minute and more, but "soft"; it is kept here for all.
"""

from collections import defaultdict, deque
from typing import NamedTuple

WINDOW, MOST = 600.0, 60
SAME = 15.0
MOMENT, AT_ONCE = 2.0, 5
MARGIN = 0.25
"""Seconds more than the limits demand: what counts is when a request arrives."""
AGAIN, LONGEST = 15.0, 120.0
"""Seconds of rest after IB said that it was too often, the first time and at most."""


class Asked(NamedTuple):
    """What IB tells requests apart by."""

    con_id: int
    exchange: str
    show: str
    """TRADES, BID_ASK ..."""
    rest: tuple[str, ...]
    """Times, sizes."""

    @property
    def family(self) -> tuple[int, str, str]:
        """Contract, exchange and tick type."""
        return self.con_id, self.exchange, self.show

    @property
    def weight(self) -> int:
        """How many it counts for."""
        return 2 if self.show == "BID_ASK" else 1


class HistoryPace:
    """Of one user of IB; times are seconds of a monotonic clock. It outlives connections, as IB's count does."""

    def __init__(self) -> None:
        self._all: deque[float] = deque()
        self._last: dict[Asked, float] = {}
        self._of_family: defaultdict[tuple[int, str, str], deque[float]] = defaultdict(deque)
        self._rest_until = 0.0
        self._rests = 0

    def wait(self, asked: Asked, now: float) -> float:
        """Seconds until it may be sent; 0: now."""
        self._forget(now)
        due = self._rest_until
        if (last := self._last.get(asked)) is not None:
            due = max(due, last + SAME + MARGIN)
        due = max(due, _freed(self._of_family.get(asked.family, deque()), AT_ONCE, MOMENT))
        due = max(due, _freed(self._all, MOST - asked.weight + 1, WINDOW))
        return max(0.0, due - now)

    def sent(self, asked: Asked, now: float) -> None:
        """It goes out now."""
        self._all.extend([now] * asked.weight)
        self._of_family[asked.family].append(now)
        self._last[asked] = now

    def answered(self) -> None:
        """IB took one."""
        self._rests = 0

    def violated(self, now: float) -> None:
        """IB said that it was too often: others use up its patience too, or a worker before this one did."""
        self._rest_until = now + min(LONGEST, AGAIN * 2**self._rests)
        self._rests = min(self._rests + 1, 10)

    def _forget(self, now: float) -> None:
        while self._all and now - self._all[0] > WINDOW + MARGIN:
            self._all.popleft()
        for asked in [each for each, at in self._last.items() if now - at > SAME + MARGIN]:
            del self._last[asked]
        for family, sent in list(self._of_family.items()):
            while sent and now - sent[0] > MOMENT + MARGIN:
                sent.popleft()
            if not sent:
                del self._of_family[family]


def _freed(sent: deque[float], many: int, window: float) -> float:
    """When fewer than that many lie within the window."""
    return sent[-many] + window + MARGIN if len(sent) >= many else 0.0
