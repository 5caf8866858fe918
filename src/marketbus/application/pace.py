"""How steadily something has been heard: what tells a mute instrument from an illiquid one."""

STEADY_TICKS = 150
"""Ticks per half of the record; fewer, and silence means nothing. Over the usual 150 s: one a second."""
WIDER = 3.0
"""A silence this many times as long as the widest gap on record is no longer an accident."""


class Pace:
    """The record of the last one to two halves of `record` seconds, while the market was open."""

    __slots__ = ("_before", "_began", "_half", "_heard", "_now", "_widest", "_widest_before")

    def __init__(self, record: float) -> None:
        """`record` is in seconds; times below are monotonic seconds."""
        self._half = record / 2
        self._heard: float | None = None
        self._began = 0.0
        self._now = self._before = 0
        self._widest = self._widest_before = 0.0

    def pause(self) -> None:
        """The market is closed: the silence that follows is none."""
        self._heard = None

    def look(self, now: float, ticks: int) -> None:
        """Count `ticks` that came since the last look."""
        if self._heard is None:
            self._heard = self._began = now
            self._now = self._before = 0  # what was steady before a break need not be after it
            self._widest = self._widest_before = 0.0
        if now - self._began >= self._half:
            self._before, self._now = self._now, 0
            self._widest_before, self._widest = self._widest, 0.0
            self._began = now
        if ticks:
            self._now += ticks
            self._widest = max(self._widest, now - self._heard)
            self._heard = now

    def silence(self, now: float) -> float:
        """Seconds since it was heard, or since the market opened."""
        return 0.0 if self._heard is None else now - self._heard

    @property
    def widest(self) -> float | None:
        """The silence that is still usual, seconds; None without a steady record."""
        if self._before < STEADY_TICKS:
            return None
        return WIDER * max(self._widest, self._widest_before)
