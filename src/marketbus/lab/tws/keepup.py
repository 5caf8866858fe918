"""A bar that is kept up to date: the live market on top of a request for bars."""

from marketbus.lab.tws.bars import Request, date_of
from marketbus.lab.tws.feed import RawTick
from marketbus.lab.tws.level1 import sizes
from marketbus.lab.tws.messages.history import Bar, bar_update
from marketbus.lab.tws.session import Session

_SECOND_NS = 1_000_000_000


class KeptBar:
    """One stream; what it tells is the bar of the latest tick."""

    def __init__(self, session: Session, request_id: int, request: Request) -> None:
        self.session = session
        self.contract = request.contract
        self._id = request_id
        self._request = request
        self._size = sizes(request.contract)
        self._begin = -1
        self._prices: list[float] = []
        self._sum = 0.0

    def ticked(self, tick: RawTick) -> bytes:
        """The bar with this tick in it."""
        second = tick.now_ns // _SECOND_NS
        begin = second - second % self._request.size
        if begin != self._begin:
            self._begin, self._prices, self._sum = begin, [tick.last, tick.last, tick.last, 0.0], 0.0
        opened, high, low, count = self._prices
        high, low, count = max(high, tick.last), min(low, tick.last), count + 1
        self._prices = [opened, high, low, count]
        self._sum += tick.last
        bar = Bar(
            date_of(begin, self._request), str(opened), str(high), str(low), str(tick.last), self._size(int(count)),
            str(round(self._sum / count, 6)), int(count),
        )  # fmt: skip
        return bar_update(self._id, bar).data
