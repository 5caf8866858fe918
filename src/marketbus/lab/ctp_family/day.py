"""The counter's own day: open before the sessions, closed after them, a new trading day every evening."""

from collections.abc import Callable
from datetime import date, datetime

from marketbus.lab import hours
from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.ctp_family.login import Gatekeeper


class CounterDay:
    """Opens and closes the counter as market time passes or is set.

    At every change of the window all connections are cut, so nobody stays logged in from one trading day to the next.
    """

    def __init__(
        self,
        dialect: Dialect,
        now: datetime,
        gatekeeper: Gatekeeper,
        drop: Callable[[], object],
        roll: Callable[[date], None],
    ) -> None:
        """`roll` begins a trading day, contracts included."""
        self._night = dialect.night
        self._window = hours.counter_window(now, night=self._night)
        self._trading_day = hours.trading_day(now)
        self._gatekeeper = gatekeeper
        self._drop = drop
        self._roll = roll
        gatekeeper.open = self._window is not None

    def look(self, now: datetime) -> None:
        """Does what is due by now."""
        window = hours.counter_window(now, night=self._night)
        if window == self._window:
            return
        self._window = window
        self._gatekeeper.open = window is not None
        self._drop()
        day = hours.trading_day(now)
        if window is not None and day != self._trading_day:
            self._trading_day = day
            self._roll(day)
