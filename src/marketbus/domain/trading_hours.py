"""Trading hours by product, as times of day: which row of the table is in force."""

from collections.abc import Iterable
from datetime import date, datetime, time

import msgspec

from marketbus.domain.instrument import Exchange

Span = tuple[time, time]


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hours of some products from one trading day on, the night part of the evening before included.

    `sessions` (continuous trading) and `auctions` are pairs `["09:00", "10:15"]` in Shanghai time; a pair whose end is
    not after its start runs over midnight. Pairs from 18:00 or until 06:00 are the night's.
    """

    exchange: Exchange
    products: tuple[str, ...]
    """Product codes; `*` takes the exchange's others."""
    sessions: tuple[Span, ...]
    auctions: tuple[Span, ...]
    since: date
    source: str


class TradingHours:
    """Looks up hours by exchange and product."""

    def __init__(self, table: Iterable[Hours]) -> None:
        """Of two rows of a product with the same `since`, the later in the table holds."""
        self.table = tuple(table)
        self._rows: dict[tuple[Exchange, str], list[Hours]] = {}
        for hours in sorted(self.table, key=lambda h: h.since):
            for product in hours.products:
                self._rows.setdefault((hours.exchange, product.casefold()), []).insert(0, hours)

    def of(self, exchange: Exchange, product: str, day: date) -> Hours | None:
        """The hours in force on a trading day; None when we know none. Product codes know no case."""
        for key in (product.casefold(), "*"):
            for hours in self._rows.get((exchange, key), ()):
                if hours.since <= day:
                    return hours
        return None

    def names(self, exchange: Exchange, product: str) -> bool:
        """Whether the table has the product itself, or an exchange whose products all keep the same hours."""
        others = {code for where, code in self._rows if where is exchange}
        return product.casefold() in others or others == {"*"}

    def in_force(self, exchange: Exchange, day: date) -> tuple[Hours, ...]:
        """The hours of every product of an exchange on a trading day; none when we know none."""
        of_products = (self.of(exchange, product, day) for where, product in self._rows if where is exchange)
        return tuple(dict.fromkeys(hours for hours in of_products if hours is not None))


def parse_time(text: str) -> time:
    """`21:00` to a time of day."""
    return datetime.strptime(text, "%H:%M").time()
