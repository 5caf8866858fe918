"""The trading side of a venue: what the order desk asks of a gateway, and what the gateway says back."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from marketbus.domain.account import Account
from marketbus.domain.errors import MarketBusError
from marketbus.domain.errors import NotSent as NotSent
from marketbus.domain.instrument import Instrument
from marketbus.domain.order import Order
from marketbus.domain.order_events import CancelRefused, ModifyRefused, OrderReport, Refused
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.rates import Rates
from marketbus.domain.trade import Trade


class BooksIncomplete(MarketBusError):
    """A query ended before its last row, or was refused: nothing may be concluded from what is missing."""

    code = "books_incomplete"


class VenueBooks(msgspec.Struct, frozen=True):
    """What the venue answered to complete queries, each to its last row, in the order they were asked."""

    orders: tuple[OrderReport, ...]
    """Of the trading day, other terminals' included; `queried` is set."""
    trades: tuple[Trade, ...]
    positions: tuple[Position, ...]
    account: Account | None
    trading_day: int
    """yyyymmdd"""
    asked: int
    """ns UTC, when the query was sent that gave the orders."""
    since: int = 0
    """ns UTC, when an earlier complete query of the orders was sent, if there was one: what `orders` lacks was not in
    that one either, for a venue keeps an order all day."""


class VenueHoldings(msgspec.Struct, frozen=True):
    """What the venue answered to complete queries of positions and funds."""

    positions: tuple[Position, ...]
    account: Account | None


VenueEvent = OrderReport | Trade | Refused | CancelRefused | ModifyRefused
"""What the venue says by itself, in its order. `Refused`, `CancelRefused` and `ModifyRefused` carry our id where it is
known; a gateway finds it by the reference it gave."""


class TradingSink(Protocol):
    """Where the trading side puts what it hears. Called from any thread; never blocks, never drops."""

    def venue(self, event: VenueEvent) -> None:
        """Take one word of the venue."""
        ...

    def trading_ready(self, trading_day: int) -> None:
        """Logged in, settlement confirmed, contracts listed: queries and orders may go out."""
        ...

    def trading_lost(self) -> None:
        """The session is gone: what was on its way has an unknown outcome."""
        ...


class VenueFacts(Protocol):
    """What an account can be told and nothing depends on; whoever asks for it cannot send an order."""

    async def rates(self, instruments: Sequence[Instrument]) -> dict[Instrument, Rates]:
        """Margin and commission rates, at the pace the counter allows; what the venue does not say is left out."""
        ...

    async def settlement(self, trading_day: int) -> str:
        """The settlement statement of a day as the venue wrote it; empty when there is none.

        Raises:
            BooksIncomplete: try again later.
        """
        ...


@runtime_checkable
class TradingGateway(VenueFacts, Protocol):
    """The trading side of one line, one account. Used by the order desk only.

    A `ports.gateway.Gateway` that trades is one too.
    """

    def next_ref(self) -> str:
        """The session's number that the next order will have; given once each, before the order is journalled.

        Raises:
            NotSent: no session.
        """
        ...

    async def send(self, order: Order) -> None:
        """Give an order with its `venue_ref` to the SDK.

        Raises:
            NotSent: the SDK said no.
        """
        ...

    async def cancel(self, order: Order) -> None:
        """Ask the venue to cancel, by the exchange's number when it is known, else by the session's.

        Raises:
            NotSent: the SDK said no.
        """
        ...

    async def books(self, *, twice: bool = False) -> VenueBooks:
        """Query orders, trades, positions and funds to the last row, at the pace the counter allows.

        `twice`: the orders once more at the end, see `VenueBooks.since`.

        Raises:
            BooksIncomplete: try again later.
        """
        ...

    async def holdings(self) -> VenueHoldings:
        """Query positions and funds alone, as `books`.

        Raises:
            BooksIncomplete: try again later.
        """
        ...


@runtime_checkable
class ModifiesOrders(Protocol):
    """A trading gateway that declares MODIFY_ORDERS; its reports carry the terms (`OrderReport.terms`)."""

    async def modify(self, order: Order) -> None:
        """Ask the venue for the `price` and `volume` that the order has here, in place of those it has there.

        Raises:
            NotSent: the SDK said no.
        """
        ...


@runtime_checkable
class PreviewsOrders(Protocol):
    """A trading gateway that declares WHAT_IF."""

    async def what_if(self, order: Order) -> OrderPreview:
        """What the order would do to the account; no number that the venue does not know leaves here.

        Raises:
            NotSent: no session, or the venue has no such order.
            GatewayError: it would refuse it, or did not answer.
        """
        ...


@runtime_checkable
class SendsBrackets(Protocol):
    """A trading gateway that declares BRACKETS."""

    async def send_bracket(self, orders: Sequence[Order]) -> None:
        """Give an entry and its legs, each with its `venue_ref`, to the SDK: none works before all are there, the legs
        once the entry is filled, and one ends the other.

        Raises:
            NotSent: the SDK said no to all of them.
        """
        ...
