"""What a bus offers for trading. Times in seconds, volumes in lots, prices in quote currency."""

import asyncio
from collections.abc import Callable
from typing import TypeVar, Unpack

from marketbus.client.frame import Rows
from marketbus.client.hub import Hub
from marketbus.client.trading.calls import Desk
from marketbus.client.trading.control import TTL, Control
from marketbus.client.trading.follow import Calling, FollowChoices, Following
from marketbus.client.trading.handle import Bracket, OrderHandle
from marketbus.client.trading.terms import VALID_FOR, Terms
from marketbus.client.trading.trader import Trader
from marketbus.domain.account import Account
from marketbus.domain.errors import MarketBusError
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.trade import Trade

P = TypeVar("P", Order, Trade, Position, Account)


class TradingApi:
    """The trading side of `Bus`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._trader = Trader(hub)
        self._loop: asyncio.AbstractEventLoop | None = None

    # Orders.

    async def send_order(
        self,
        symbol: str,
        direction: Direction | str,
        offset: Offset | str,
        volume: float,
        price: float = 0.0,
        **terms: Unpack[Terms],
    ) -> OrderHandle:
        """Send one order; returns once it is on its way to the venue.

        Words may be vnpy's, in any case, or Chinese: `"long"`, `Direction.LONG`, `"多"`. It is never sent twice and
        never kept for later: what could not be sent at once is an error.

        Args:
            symbol: `rb2701.SHFE`.
            direction: LONG or SHORT.
            offset: OPEN, CLOSE, CLOSETODAY or CLOSEYESTERDAY.
            volume: lots.
            price: of a market order, none.
            terms: type, gateway, account, client_order_id, reference, valid_for, hedge, ext: see `Terms`.

        Raises:
            OrderDenied: one of our rules said no; it never reached the venue.
            OutcomeUnknown: the connection broke, or no answer came: look it up by `error.client_order_id`.
            BusUnavailable: no connection, or nobody trades; it was not sent.
            UnknownGateway: the gateway is not live; it was not sent.
            AmbiguousAccount: several accounts trade and none is named; it was not sent.
            BadRequest: a word that is none, a figure out of bounds, or the id of an order that asks for something else.
        """
        self._running()
        return await self._trader.send(symbol, direction, offset, volume, price, terms)

    async def send_bracket(
        self,
        symbol: str,
        direction: Direction | str,
        volume: float,
        price: float = 0.0,
        *,
        take_profit: float,
        stop_loss: float,
        **terms: Unpack[Terms],
    ) -> Bracket:
        """Send an order with its two ends: a limit that takes the profit, and a stop that ends a loss.

        The three are judged, written down and sent together; the venue holds them until all are there. Once the entry
        is filled its ends work, and the one that fills ends the other. Their ids are the entry's with `.tp` and `.sl`.

        Args:
            symbol: `AAPL-USD-STK.SMART`.
            direction: of the entry, LONG or SHORT.
            volume: lots, of each of the three.
            price: of the entry.
            take_profit: a limit, better than the entry's price.
            stop_loss: what touches the stop off, worse than the entry's price.
            terms: as of `send_order`; the type is LIMIT, MARKET or STOP, an id has at most 21 characters.

        Raises:
            NotSupported: the venue has no brackets (CTP, SOPT).
            MarketBusError: as `send_order`.
        """
        self._running()
        return await self._trader.send_bracket(symbol, direction, volume, price, take_profit, stop_loss, terms)

    async def what_if(
        self,
        symbol: str,
        direction: Direction | str,
        offset: Offset | str,
        volume: float,
        price: float = 0.0,
        **terms: Unpack[Terms],
    ) -> OrderPreview:
        """What such an order would cost: margins, equity and commission as the venue reckons them, and whether a rule
        of ours would deny it (`denied_by`). Nothing is sent, nothing written down. Arguments as of `send_order`.

        Raises:
            NotSupported: the venue does not say (CTP, SOPT).
            GatewayError: the venue would refuse it, in its words; or it did not answer.
            NotSent: there is no trading session, or the venue has no such order.
            MarketBusError: as `send_order`.
        """
        self._running()
        return await self._trader.what_if(symbol, direction, offset, volume, price, terms)

    async def buy(self, symbol: str, volume: float, price: float = 0.0, **terms: Unpack[Terms]) -> OrderHandle:
        """Open long (vnpy's `buy`); see `send_order`."""
        return await self.send_order(symbol, Direction.LONG, Offset.OPEN, volume, price, **terms)

    async def sell(
        self,
        symbol: str,
        volume: float,
        price: float = 0.0,
        *,
        offset: Offset | str = Offset.CLOSE,
        **terms: Unpack[Terms],
    ) -> OrderHandle:
        """Close long (vnpy's `sell`); SHFE and INE ask for `offset="closetoday"` for today's lots. See `send_order`."""
        return await self.send_order(symbol, Direction.SHORT, offset, volume, price, **terms)

    async def short(self, symbol: str, volume: float, price: float = 0.0, **terms: Unpack[Terms]) -> OrderHandle:
        """Open short (vnpy's `short`); see `send_order`."""
        return await self.send_order(symbol, Direction.SHORT, Offset.OPEN, volume, price, **terms)

    async def cover(
        self,
        symbol: str,
        volume: float,
        price: float = 0.0,
        *,
        offset: Offset | str = Offset.CLOSE,
        **terms: Unpack[Terms],
    ) -> OrderHandle:
        """Close short (vnpy's `cover`); `offset` as of `sell`. See `send_order`."""
        return await self.send_order(symbol, Direction.LONG, offset, volume, price, **terms)

    async def cancel(self, client_order_id: str, *, gateway: str | None = None, account: str | None = None) -> Order:
        """Ask for the cancel of an order; gives the order as it stands, which is not cancelled yet. One that is over
        is given back as it stands.

        Raises:
            UnknownOrder: the account has no such order.
            OrderDenied: the day's cancels of the contract are used up, and the order closes.
            NotSent: there is no trading session; it was not sent.
            OutcomeUnknown: no answer; it may be sent again.
            MarketBusError: as `send_order`.
        """
        self._running()
        return await self._trader.cancel(client_order_id, gateway, account)

    async def modify(
        self,
        client_order_id: str,
        *,
        price: float | None = None,
        volume: float | None = None,
        gateway: str | None = None,
        account: str | None = None,
        valid_for: float = VALID_FOR,
    ) -> Order:
        """Ask the venue for another price or volume of an order; gives the order as it stands, which has them only once
        `modify_sent` is 0 again: `price` and `volume` are always the venue's. See `OrderHandle.modify`.

        Args:
            price: the limit, of a stop order what touches it off; None: as it is.
            volume: lots in all, those that are filled included; None: as it is.
            valid_for: seconds after which it must not be sent any more.

        Raises:
            UnknownOrder: the account has no such order.
            NotSupported: the venue changes no orders (CTP, SOPT): cancel, and send another.
            OrderDenied: a rule of ours said no; the order stands as it stood.
            NotSent: there is no trading session, or the SDK said no; likewise.
            OutcomeUnknown: no answer; it may be sent again.
            MarketBusError: as `send_order`.
        """
        self._running()
        return await self._trader.modify(client_order_id, price, volume, gateway, account, valid_for)

    async def cancel_all(
        self, vt_symbol: str = "", *, gateway: str | None = None, account: str | None = None
    ) -> list[str]:
        """Ask for the cancel of every open order, other terminals' included, of every account that is meant; of one
        instrument, if it is named. Gives the ids of those that were asked for."""
        self._running()
        return await self._trader.cancel_all(vt_symbol, gateway, account)

    async def order(self, client_order_id: str, *, gateway: str | None = None, account: str | None = None) -> Order:
        """One order as it stands, however old.

        Raises:
            UnknownOrder: the account has no such order. Once its `valid_until` has passed, it never will.
        """
        self._running()
        return await self._trader.order(client_order_id, gateway, account)

    async def order_handle(
        self, client_order_id: str, *, gateway: str | None = None, account: str | None = None
    ) -> OrderHandle:
        """A handle on an order that is there already, such as one sent before this program was started again.

        Raises:
            UnknownOrder: the account has no such order.
        """
        self._running()
        return await self._trader.handle(client_order_id, gateway, account)

    async def control(self, *, gateway: str | None = None, account: str | None = None, ttl: float = TTL) -> Control:
        """Have one's orders end with this program: `async with await bus.control():`.

        While the block runs, a lease of `ttl` seconds is renewed. When it is not, because the program died, hangs or is
        cut off, the open orders of its principal are cancelled, if the account is configured so (`control.armed`, see
        `cancel_on_disconnect`). The end of the block gives the lease back, and the orders stand; an error that ends it
        does not. One lease per principal: programs that live apart need principals of their own.

        Raises:
            MarketBusError: as `send_order`.
        """
        self._running()
        return await self._trader.control(gateway, account, ttl)

    # What there is.

    async def orders(
        self, *, active: bool = False, gateway: str | None = None, account: str | None = None
    ) -> Rows[Order]:
        """Orders of these days, other terminals' included; with `active`, those that stand or may stand at the venue.

        Raises:
            BusUnavailable: nobody trades, or no answer. This and the following hold for the rest too.
            UnknownGateway: the named gateway is not live.
            NotSupported: it does not trade, or not this account.
        """
        self._running()
        return Rows(
            await self._trader.each(gateway, account, lambda desk: self._trader.calls.orders(desk, active=active))
        )

    async def trades(self, *, gateway: str | None = None, account: str | None = None) -> Rows[Trade]:
        """Fills of these days."""
        self._running()
        return Rows(await self._trader.each(gateway, account, self._trader.calls.trades))

    async def positions(self, *, gateway: str | None = None, account: str | None = None) -> Rows[Position]:
        """Positions held, or traded today."""
        self._running()
        return Rows(await self._trader.each(gateway, account, self._trader.calls.positions))

    async def account(self, *, gateway: str | None = None, account: str | None = None) -> Account:
        """The funds of one account.

        Raises:
            AmbiguousAccount: several trade, none is named.
            GatewayError: they are not known yet.
        """
        self._running()
        return await self._trader.calls.account(await self._trader.desk(gateway, account))

    async def accounts(self) -> list[Desk]:
        """Gateway and account of everyone who takes orders on the bus; empty when nobody does."""
        self._running()
        return [Desk(*each) for each in sorted((await self._hub.directory.accounts()).items())]

    # What happens.

    def follow_orders(self, **choices: Unpack[FollowChoices]) -> Following[Order]:
        """Orders as they stand, then every change of one.

        Complete over disconnects, restarts of the gateway and outages of NATS: what happened meanwhile comes late, and
        once. Nothing is shed for a consumer that does not keep up.

        Args:
            choices: snapshot, since, gateway, account, wait: see `FollowChoices`.

        Raises:
            MarketBusError: as `orders`, from the first step of the iteration.
        """
        return self._follow(Order, choices)

    def follow_trades(self, **choices: Unpack[FollowChoices]) -> Following[Trade]:
        """Fills of these days, then every new one; each once. See `follow_orders`."""
        return self._follow(Trade, choices)

    def follow_positions(self, **choices: Unpack[FollowChoices]) -> Following[Position]:
        """Positions as they stand, then every change of one. See `follow_orders`."""
        return self._follow(Position, choices)

    def follow_account(self, **choices: Unpack[FollowChoices]) -> Following[Account]:
        """Funds as they stand, then whenever the venue says others. See `follow_orders`."""
        return self._follow(Account, choices)

    async def on_orders(self, handler: Callable[[Order], object], **choices: Unpack[FollowChoices]) -> Calling[Order]:
        """Call `handler` with orders as they stand, then with every change of one; see `follow_orders`.

        A coroutine function is awaited, one call at a time. A handler that raises is counted
        (`stats.handler_errors`) and logged, and the stream goes on.
        """
        return await self._call(Order, handler, choices)

    async def on_trades(self, handler: Callable[[Trade], object], **choices: Unpack[FollowChoices]) -> Calling[Trade]:
        """Call `handler` with fills of these days, then with every new one; see `on_orders`."""
        return await self._call(Trade, handler, choices)

    async def on_positions(
        self, handler: Callable[[Position], object], **choices: Unpack[FollowChoices]
    ) -> Calling[Position]:
        """Call `handler` with positions as they stand, then with every change of one; see `on_orders`."""
        return await self._call(Position, handler, choices)

    async def on_account(
        self, handler: Callable[[Account], object], **choices: Unpack[FollowChoices]
    ) -> Calling[Account]:
        """Call `handler` with the funds, then whenever the venue says others; see `on_orders`."""
        return await self._call(Account, handler, choices)

    def _follow(self, kind: type[P], choices: FollowChoices) -> Following[P]:
        loop = self._running()
        stream = self._trader.stream(kind, choices)
        return Following(stream, lambda: self._trader.chosen(choices), loop, self._trader.forget)

    async def _call(self, kind: type[P], handler: Callable[[P], object], choices: FollowChoices) -> Calling[P]:
        self._running()
        stream = self._trader.stream(kind, choices)
        try:
            await stream.open(await self._trader.chosen(choices))
        except BaseException:
            self._trader.forget(stream)
            raise
        return Calling(self._hub, stream, handler, self._trader.forget)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise MarketBusError("the bus is not open", "async with marketbus.connect() as bus: ...")
        return self._loop
