"""Trading hours by product: whether an instant lies in a session or a call auction."""

from collections.abc import Iterable
from datetime import date, datetime, time
from enum import Enum

import msgspec

from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import to_datetime


class Phase(Enum):
    """What the market of a product does at an instant."""

    CLOSED = 0
    AUCTION = 1
    OPEN = 2


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hours of some products from one day on.

    `sessions` and `auctions` are pairs `["09:00", "10:15"]` in Shanghai time, end exclusive for auctions and inclusive
    for sessions (the closing tick belongs to the session); a pair whose end is before its start runs over midnight.
    """

    exchange: Exchange
    products: tuple[str, ...]
    """Product codes; `*` takes the exchange's others."""
    sessions: tuple[tuple[time, time], ...]
    auctions: tuple[tuple[time, time], ...]
    since: date
    source: str


class TradingHours:
    """Looks up hours by exchange and product."""

    def __init__(self, table: Iterable[Hours]) -> None:
        self._table: dict[tuple[Exchange, str], list[Hours]] = {}
        for hours in sorted(table, key=lambda h: h.since, reverse=True):
            for product in hours.products:
                self._table.setdefault((hours.exchange, product.casefold()), []).append(hours)

    def of(self, exchange: Exchange, product: str, day: date) -> Hours | None:
        """The hours in force on `day`; None when we know none."""
        for key in (product.casefold(), "*"):
            for hours in self._table.get((exchange, key), ()):
                if hours.since <= day:
                    return hours
        return None

    def flags(self, exchange: Exchange, product: str, instant: int) -> int:
        """The phase as bits of Tick.flags; 0 when we know no hours."""
        match self.phase(exchange, product, instant):
            case Phase.CLOSED:
                return int(TickFlag.OUT_OF_SESSION)
            case Phase.AUCTION:
                return int(TickFlag.AUCTION)
            case _:
                return 0

    def phase(self, exchange: Exchange, product: str, instant: int) -> Phase | None:
        """The phase at `instant` (ns UTC) by time of day alone; None when we know no hours for the product."""
        local = to_datetime(instant)
        hours = self.of(exchange, product, local.date())
        if hours is None:
            return None
        now = local.time()
        if any(_within(now, start, end, inclusive=False) for start, end in hours.auctions):
            return Phase.AUCTION
        if any(_within(now, start, end, inclusive=True) for start, end in hours.sessions):
            return Phase.OPEN
        return Phase.CLOSED


def _within(now: time, start: time, end: time, *, inclusive: bool) -> bool:
    # A snapshot carries the closing second with its milliseconds: 15:00:00.500 still belongs to the session.
    now_end = now.replace(microsecond=0) if inclusive else now
    before_end = now_end <= end if inclusive else now < end
    return start <= now and before_end if start <= end else now >= start or before_end


def parse_time(text: str) -> time:
    """`21:00` to a time of day."""
    return datetime.strptime(text, "%H:%M").time()
