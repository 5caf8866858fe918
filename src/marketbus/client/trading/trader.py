"""Orders of one bus connection: to whom they go, and what becomes of them."""

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from marketbus.client.hub import Hub
from marketbus.client.trading.calls import Desk, TradingCalls, valid_until
from marketbus.client.trading.channel import RETRY, Channel
from marketbus.client.trading.control import Control
from marketbus.client.trading.follow import WAIT, FollowChoices, Stream, check_choices
from marketbus.client.trading.handle import Bracket, OrderHandle, denial
from marketbus.client.trading.ids import new_order_id
from marketbus.client.trading.terms import VALID_FOR, Terms, check
from marketbus.domain.account import Account
from marketbus.domain.bracket import BracketRequest
from marketbus.domain.errors import (
    AmbiguousAccount,
    BusUnavailable,
    MarketBusError,
    NotSupported,
    UnknownGateway,
)
from marketbus.domain.instrument import parse_instrument
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_request import CancelRequest, ModifyRequest, OrderRequest
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType, word_of
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.trade import Trade

P = TypeVar("P", Order, Trade, Position, Account)
T = TypeVar("T")


class Trader:
    """The parts of a bus that trade."""

    def __init__(self, hub: Hub) -> None:
        self.calls = TradingCalls(hub.calls)
        self._hub = hub
        self._books: dict[Desk, asyncio.Task[Channel[Order]]] = {}
        self._handles: weakref.WeakValueDictionary[tuple[Desk, str], OrderHandle] = weakref.WeakValueDictionary()
        self._streams: set[Stream[Any]] = set()
        self._controls: weakref.WeakSet[Control] = weakref.WeakSet()
        self._closing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """End every stream; handles hear nothing more; leases on orders run out."""
        for handle in list(self._handles.values()):
            handle.close()
        await asyncio.gather(*(control.drop() for control in list(self._controls)))
        streams, books = list(self._streams), list(self._books.values())
        self._streams.clear()
        self._books.clear()
        opened = await asyncio.gather(*books, return_exceptions=True)
        channels = [each for each in opened if isinstance(each, Channel)]
        await asyncio.gather(*(each.close() for each in (*streams, *channels)), *self._closing, return_exceptions=True)

    # Who.

    async def desk(self, gateway: str | None = None, account: str | None = None) -> Desk:
        """The one account that is meant.

        Raises:
            AmbiguousAccount: several trade, none is named.
            MarketBusError: as `desks`.
        """
        desks = await self.desks(gateway, account)
        if len(desks) > 1:
            raise AmbiguousAccount(desks)
        return desks[0]

    async def desks(self, gateway: str | None = None, account: str | None = None) -> list[Desk]:
        """Every account that is meant, at least one.

        Raises:
            BusUnavailable: not connected, or nobody trades.
            UnknownGateway: the named gateway is not live.
            NotSupported: it does not trade, or not this account.
        """
        if not self._hub.link.connected:
            raise BusUnavailable(f"no connection to NATS at {self._hub.options.where}", "reconnecting")
        found = await self._matching(gateway, account, refresh=False) or await self._matching(
            gateway, account, refresh=True
        )
        if found:
            return found
        accounts = await self._hub.directory.accounts()
        if gateway is None and account is None:
            raise BusUnavailable("no gateway on the bus trades", "`trading = true` in its configuration")
        if gateway is not None and gateway not in accounts:
            live = await self._hub.directory.names()
            if gateway not in live:
                raise UnknownGateway(gateway, live)
            raise NotSupported(f"gateway {gateway!r} does not trade", "`trading = true` in its configuration")
        names = ", ".join("/".join(each) for each in accounts.items())
        raise NotSupported(f"no gateway trades account {account!r}", f"these are traded: {names or 'none'}")

    async def chosen(self, choices: FollowChoices) -> list[Desk]:
        """As `desks`, waiting for a gateway that is starting."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + choices.get("wait", WAIT)
        while True:
            try:
                return await self.desks(choices.get("gateway"), choices.get("account"))
            except (BusUnavailable, UnknownGateway):
                if loop.time() >= deadline:
                    raise
            await asyncio.sleep(RETRY)

    async def _matching(self, gateway: str | None, account: str | None, *, refresh: bool) -> list[Desk]:
        if refresh:
            await self._hub.directory.names(refresh=True)
        accounts = await self._hub.directory.accounts()
        desks = [Desk(*each) for each in sorted(accounts.items())]
        return [each for each in desks if gateway in (None, each.gateway) and account in (None, each.account)]

    # Orders.

    async def send(
        self, symbol: str, direction: Direction | str, offset: Offset | str, volume: float, price: float, terms: Terms
    ) -> OrderHandle:
        """See `Bus.send_order`."""
        desk, request = await self._request(symbol, direction, offset, volume, price, terms)
        await self._listen(desk)
        handle = self._handle(request.order(now=0))  # there before the first word of the venue may come
        order = await self.calls.send_order(desk, request)
        if order.state is OrderState.DENIED:
            raise denial(order)
        handle.update(order)
        return handle

    async def send_bracket(
        self,
        symbol: str,
        direction: Direction | str,
        volume: float,
        price: float,
        take_profit: float,
        stop_loss: float,
        terms: Terms,
    ) -> Bracket:
        """See `Bus.send_bracket`."""
        desk, entry = await self._request(symbol, direction, Offset.OPEN, volume, price, terms)
        request = BracketRequest(entry, take_profit, stop_loss)
        await self._listen(desk)
        handles = [self._handle(each.order(now=0)) for each in request.orders()]
        orders = await self.calls.send_bracket(desk, request)
        if denied := [order for order in orders if order.state is OrderState.DENIED]:
            raise denial(denied[0])
        for handle, order in zip(handles, orders, strict=True):
            handle.update(order)
        return Bracket(*handles)

    async def what_if(
        self, symbol: str, direction: Direction | str, offset: Offset | str, volume: float, price: float, terms: Terms
    ) -> OrderPreview:
        """See `Bus.what_if`."""
        desk, request = await self._request(symbol, direction, offset, volume, price, terms)
        return await self.calls.what_if(desk, request)

    async def _request(
        self, symbol: str, direction: Direction | str, offset: Offset | str, volume: float, price: float, terms: Terms
    ) -> tuple[Desk, OrderRequest]:
        check(terms)
        instrument = parse_instrument(symbol)
        desk = await self.desk(terms.get("gateway"), terms.get("account"))
        valid_for = terms.get("valid_for", VALID_FOR)
        until = valid_until(valid_for)
        return desk, OrderRequest(
            symbol=instrument.symbol,
            exchange=instrument.exchange,
            direction=word_of(Direction, direction, "direction"),
            type=word_of(OrderType, terms.get("type", OrderType.LIMIT), "type"),
            volume=volume,
            price=price,
            offset=word_of(Offset, offset, "offset"),
            reference=terms.get("reference", ""),
            client_order_id=terms.get("client_order_id") or new_order_id(),
            gateway=desk.gateway,
            account=desk.account,
            origin=self.calls.principal,
            valid_until=until,
            hedge=word_of(HedgeFlag, terms.get("hedge", HedgeFlag.SPECULATION), "hedge"),
            ext=terms.get("ext"),
        )

    async def modify(
        self,
        client_order_id: str,
        price: float | None,
        volume: float | None,
        gateway: str | None,
        account: str | None,
        valid_for: float,
    ) -> Order:
        """See `Bus.modify`."""
        desk = await self.desk(gateway, account)
        return await self._modify(desk, client_order_id, price, volume, valid_for)

    async def cancel(
        self, client_order_id: str, gateway: str | None, account: str | None, valid_for: float = VALID_FOR
    ) -> Order:
        """See `Bus.cancel`."""
        desk = await self.desk(gateway, account)
        return await self._cancel(desk, client_order_id, valid_for)

    async def cancel_all(self, vt_symbol: str, gateway: str | None, account: str | None) -> list[str]:
        """See `Bus.cancel_all`."""
        symbol = parse_instrument(vt_symbol).vt_symbol if vt_symbol else ""
        desks = await self.desks(gateway, account)
        asked = await asyncio.gather(
            *(self.calls.cancel_all(desk, symbol) for desk in desks), return_exceptions=True
        )  # every account is asked, whatever another answers
        for each in asked:
            if isinstance(each, BaseException):
                raise each
        return [order_id for each in asked if isinstance(each, list) for order_id in each]

    async def order(self, client_order_id: str, gateway: str | None, account: str | None) -> Order:
        """See `Bus.order`."""
        order = await self.calls.order(await self.desk(gateway, account), client_order_id)
        self._told(order)
        return order

    async def handle(self, client_order_id: str, gateway: str | None, account: str | None) -> OrderHandle:
        """See `Bus.order_handle`."""
        desk = await self.desk(gateway, account)
        await self._listen(desk)
        handle = self._handle(await self.calls.order(desk, client_order_id))
        handle.update(await self.calls.order(desk, client_order_id))  # what came before the handle was there
        return handle

    async def each(
        self, gateway: str | None, account: str | None, ask: Callable[[Desk], Coroutine[Any, Any, Sequence[T]]]
    ) -> list[T]:
        """What every account that is meant answers."""
        answers = await asyncio.gather(*(ask(desk) for desk in await self.desks(gateway, account)))
        return [one for answer in answers for one in answer]

    async def control(self, gateway: str | None, account: str | None, ttl: float) -> Control:
        """See `Bus.control`."""
        control = Control(self._hub, self.calls, await self.desk(gateway, account), ttl)
        await control.open()
        self._controls.add(control)
        return control

    # Streams.

    def stream(self, kind: type[P], choices: FollowChoices) -> Stream[P]:
        """Not yet open."""
        check_choices(choices)
        stream = Stream(self._hub, self.calls, kind, choices)
        self._streams.add(stream)
        return stream

    def forget(self, stream: Stream[Any]) -> None:
        """Close a stream that nobody holds any more."""
        if stream in self._streams:
            self._streams.discard(stream)
            task = asyncio.get_running_loop().create_task(stream.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    # Handles.

    async def _listen(self, desk: Desk) -> None:
        """Hear of the account's orders before one is sent: nothing of it must be missed."""
        book = self._books.get(desk)
        if book is None:
            book = asyncio.get_running_loop().create_task(self._open(desk))
            self._books[desk] = book
        try:
            await asyncio.shield(book)
        except MarketBusError:
            if self._books.get(desk) is book:
                del self._books[desk]
            raise

    async def _open(self, desk: Desk) -> Channel[Order]:
        channel = Channel(self._hub, self.calls, desk, Order, self._told)
        await channel.open()
        return channel

    def _told(self, order: Order) -> None:
        handle = self._handles.get((Desk(order.gateway, order.account), order.client_order_id))
        if handle is not None:
            handle.update(order)

    def _handle(self, order: Order) -> OrderHandle:
        desk = Desk(order.gateway, order.account)
        key = (desk, order.client_order_id)
        handle = self._handles.get(key)
        if handle is None:
            order_id = order.client_order_id
            handle = OrderHandle(
                order,
                lambda: self._cancel(desk, order_id, VALID_FOR),
                lambda price, volume: self._modify(desk, order_id, price, volume, VALID_FOR),
            )
            self._handles[key] = handle
        return handle

    async def _modify(
        self, desk: Desk, client_order_id: str, price: float | None, volume: float | None, valid_for: float
    ) -> Order:
        until = valid_until(valid_for)
        request = ModifyRequest(client_order_id, price, volume, *desk, self.calls.principal, until)
        order = await self.calls.modify_order(desk, request)
        self._told(order)
        return order

    async def _cancel(self, desk: Desk, client_order_id: str, valid_for: float) -> Order:
        request = CancelRequest(client_order_id, *desk, self.calls.principal, valid_until(valid_for))
        order = await self.calls.cancel_order(desk, request)
        self._told(order)
        return order
