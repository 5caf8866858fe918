"""What the desk must know of an instrument's market to judge an order."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from marketbus.domain.contract import Contract
from marketbus.domain.contract_book import ContractBook
from marketbus.domain.instrument import Instrument, product_code
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.rates import Rates
from marketbus.domain.risk.situation import Market
from marketbus.domain.tick import Tick, TickFlag
from marketbus.ports.clock import MarketClock


class MarketView(Protocol):
    """Contracts, prices and hours of one gateway."""

    def contract(self, instrument: Instrument) -> Contract | None:
        """As the venue lists it."""
        ...

    def market(self, instrument: Instrument) -> Market:
        """What is known now."""
        ...


class GatewayMarketView:
    """`MarketView` from the gateway's own contracts and last ticks, and the calendar."""

    def __init__(
        self,
        book: ContractBook,
        last: Callable[[Instrument], Tick | None],
        calendar: MarketCalendar,
        clock: MarketClock,
        rates: Callable[[Instrument], Rates],
    ) -> None:
        self._book = book
        self._last = last
        self._calendar = calendar
        self._clock = clock
        self._rates = rates

    def contract(self, instrument: Instrument) -> Contract | None:
        """As the venue lists it."""
        return self._book.get(instrument)

    def market(self, instrument: Instrument) -> Market:
        """What is known now; a price that the venue left out is None."""
        tick = self._last(instrument)
        product = product_code(instrument.symbol)
        market = Market(
            contract=self._book.get(instrument),
            margin=self._rates(instrument).margin,
            phase=self._calendar.phase(instrument.exchange, product, self._clock.now()),
        )
        if tick is None:
            return market
        return msgspec.structs.replace(
            market,
            last=None if tick.flags & TickFlag.NO_LAST else tick.last_price,
            limit_up=tick.limit_up,
            limit_down=tick.limit_down,
            price_at=tick.received,
        )
