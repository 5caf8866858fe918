"""The trading side of a bus without asyncio."""

from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, Unpack

from marketbus.client.frame import Rows
from marketbus.client.portal import Portal
from marketbus.client.trading.calls import Desk
from marketbus.client.trading.control import TTL, Control
from marketbus.client.trading.follow import Calling, FollowChoices, Following
from marketbus.client.trading.handle import OrderHandle
from marketbus.client.trading.terms import VALID_FOR, Terms
from marketbus.domain.account import Account
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.trade import Trade

if TYPE_CHECKING:
    from marketbus.client.bus import Bus

P = TypeVar("P", Order, Trade, Position, Account)


class SyncOrderHandle:
    """`OrderHandle` for callers without an event loop."""

    def __init__(self, portal: Portal, handle: OrderHandle) -> None:
        self._portal = portal
        self._handle = handle

    @property
    def order(self) -> Order:
        """As it stands, as far as this client was told."""
        return self._handle.order

    @property
    def client_order_id(self) -> str:
        """Its name for ever."""
        return self._handle.client_order_id

    @property
    def desk(self) -> Desk:
        """Gateway and account."""
        return self._handle.desk

    def accepted(self, within: float | None = None) -> Order:
        """See `OrderHandle.accepted`."""
        return self._portal.run(self._handle.accepted(within))

    def done(self, within: float | None = None) -> Order:
        """See `OrderHandle.done`."""
        return self._portal.run(self._handle.done(within))

    def modify(self, *, price: float | None = None, volume: float | None = None) -> Order:
        """See `OrderHandle.modify`."""
        return self._portal.run(self._handle.modify(price=price, volume=volume))

    def modified(self, within: float | None = None) -> Order:
        """See `OrderHandle.modified`."""
        return self._portal.run(self._handle.modified(within))

    def cancel(self) -> Order:
        """See `OrderHandle.cancel`."""
        return self._portal.run(self._handle.cancel())

    def __repr__(self) -> str:
        return repr(self._handle)


class SyncBracket(NamedTuple):
    """`Bracket` for callers without an event loop."""

    entry: SyncOrderHandle
    take_profit: SyncOrderHandle
    stop_loss: SyncOrderHandle


class SyncFollowing(Generic[P]):
    """An ordinary iterator. Ends as `Following` does; `close()` ends it at a certain place."""

    def __init__(self, portal: Portal, following: Following[P]) -> None:
        self._portal = portal
        self._following = following
        self._here: deque[P] = deque()

    def __iter__(self) -> Iterator[P]:
        return self

    def __next__(self) -> P:
        if not self._here:
            self._here.extend(self._portal.run(self._following.batch()))
            if not self._here:
                raise StopIteration
        return self._here.popleft()

    def close(self) -> None:
        """End it."""
        self._portal.run(self._following.aclose())

    def __enter__(self) -> "SyncFollowing[P]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SyncCalling:
    """A callback stream; ends on `stop()`, at the end of `with`, or with its bus."""

    def __init__(self, portal: Portal, calling: Calling[Any]) -> None:
        self._portal = portal
        self._calling = calling

    def stop(self) -> None:
        """End it."""
        self._portal.run(self._calling.stop())

    def __enter__(self) -> "SyncCalling":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class SyncControl:
    """`Control` for callers without an event loop."""

    def __init__(self, portal: Portal, control: Control) -> None:
        self._portal = portal
        self._control = control

    @property
    def armed(self) -> bool:
        """See `Control.armed`."""
        return self._control.armed

    def release(self) -> None:
        """Give the lease back: the orders stand."""
        self._portal.run(self._control.release())

    def __enter__(self) -> "SyncControl":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._portal.run(self._control.__aexit__(kind, error, trace))


class SyncTradingApi:
    """The trading side of `SyncBus`; see `Bus` for every argument and error."""

    def __init__(self, bus: "Bus", portal: Portal) -> None:
        self._bus = bus
        self._portal = portal

    def send_order(
        self,
        symbol: str,
        direction: Direction | str,
        offset: Offset | str,
        volume: float,
        price: float = 0.0,
        **terms: Unpack[Terms],
    ) -> SyncOrderHandle:
        """See `Bus.send_order`. Ctrl-C meanwhile leaves an outcome that is not known: look the order up by its id."""
        sent = self._bus.send_order(symbol, direction, offset, volume, price, **terms)
        return SyncOrderHandle(self._portal, self._portal.run(sent))

    def send_bracket(
        self,
        symbol: str,
        direction: Direction | str,
        volume: float,
        price: float = 0.0,
        *,
        take_profit: float,
        stop_loss: float,
        **terms: Unpack[Terms],
    ) -> SyncBracket:
        """See `Bus.send_bracket`."""
        sent = self._bus.send_bracket(
            symbol, direction, volume, price, take_profit=take_profit, stop_loss=stop_loss, **terms
        )
        return SyncBracket(*(SyncOrderHandle(self._portal, each) for each in self._portal.run(sent)))

    def what_if(
        self,
        symbol: str,
        direction: Direction | str,
        offset: Offset | str,
        volume: float,
        price: float = 0.0,
        **terms: Unpack[Terms],
    ) -> OrderPreview:
        """See `Bus.what_if`."""
        return self._portal.run(self._bus.what_if(symbol, direction, offset, volume, price, **terms))

    def buy(self, symbol: str, volume: float, price: float = 0.0, **terms: Unpack[Terms]) -> SyncOrderHandle:
        """See `Bus.buy`."""
        return self.send_order(symbol, Direction.LONG, Offset.OPEN, volume, price, **terms)

    def sell(
        self,
        symbol: str,
        volume: float,
        price: float = 0.0,
        *,
        offset: Offset | str = Offset.CLOSE,
        **terms: Unpack[Terms],
    ) -> SyncOrderHandle:
        """See `Bus.sell`."""
        return self.send_order(symbol, Direction.SHORT, offset, volume, price, **terms)

    def short(self, symbol: str, volume: float, price: float = 0.0, **terms: Unpack[Terms]) -> SyncOrderHandle:
        """See `Bus.short`."""
        return self.send_order(symbol, Direction.SHORT, Offset.OPEN, volume, price, **terms)

    def cover(
        self,
        symbol: str,
        volume: float,
        price: float = 0.0,
        *,
        offset: Offset | str = Offset.CLOSE,
        **terms: Unpack[Terms],
    ) -> SyncOrderHandle:
        """See `Bus.cover`."""
        return self.send_order(symbol, Direction.LONG, offset, volume, price, **terms)

    def cancel(self, client_order_id: str, *, gateway: str | None = None, account: str | None = None) -> Order:
        """See `Bus.cancel`."""
        return self._portal.run(self._bus.cancel(client_order_id, gateway=gateway, account=account))

    def modify(
        self,
        client_order_id: str,
        *,
        price: float | None = None,
        volume: float | None = None,
        gateway: str | None = None,
        account: str | None = None,
        valid_for: float = VALID_FOR,
    ) -> Order:
        """See `Bus.modify`."""
        asked = self._bus.modify(
            client_order_id, price=price, volume=volume, gateway=gateway, account=account, valid_for=valid_for
        )
        return self._portal.run(asked)

    def cancel_all(self, vt_symbol: str = "", *, gateway: str | None = None, account: str | None = None) -> list[str]:
        """See `Bus.cancel_all`."""
        return self._portal.run(self._bus.cancel_all(vt_symbol, gateway=gateway, account=account))

    def order(self, client_order_id: str, *, gateway: str | None = None, account: str | None = None) -> Order:
        """See `Bus.order`."""
        return self._portal.run(self._bus.order(client_order_id, gateway=gateway, account=account))

    def order_handle(
        self, client_order_id: str, *, gateway: str | None = None, account: str | None = None
    ) -> SyncOrderHandle:
        """See `Bus.order_handle`."""
        found = self._portal.run(self._bus.order_handle(client_order_id, gateway=gateway, account=account))
        return SyncOrderHandle(self._portal, found)

    def control(self, *, gateway: str | None = None, account: str | None = None, ttl: float = TTL) -> SyncControl:
        """See `Bus.control`: `with bus.control():`. It is renewed on the bus's thread: a program that hangs elsewhere
        keeps its orders."""
        return SyncControl(self._portal, self._portal.run(self._bus.control(gateway=gateway, account=account, ttl=ttl)))

    def orders(self, *, active: bool = False, gateway: str | None = None, account: str | None = None) -> Rows[Order]:
        """See `Bus.orders`."""
        return self._portal.run(self._bus.orders(active=active, gateway=gateway, account=account))

    def trades(self, *, gateway: str | None = None, account: str | None = None) -> Rows[Trade]:
        """See `Bus.trades`."""
        return self._portal.run(self._bus.trades(gateway=gateway, account=account))

    def positions(self, *, gateway: str | None = None, account: str | None = None) -> Rows[Position]:
        """See `Bus.positions`."""
        return self._portal.run(self._bus.positions(gateway=gateway, account=account))

    def account(self, *, gateway: str | None = None, account: str | None = None) -> Account:
        """See `Bus.account`."""
        return self._portal.run(self._bus.account(gateway=gateway, account=account))

    def accounts(self) -> list[Desk]:
        """See `Bus.accounts`."""
        return self._portal.run(self._bus.accounts())

    def follow_orders(self, **choices: Unpack[FollowChoices]) -> SyncFollowing[Order]:
        """See `Bus.follow_orders`."""
        return self._follow(self._bus.follow_orders, choices)

    def follow_trades(self, **choices: Unpack[FollowChoices]) -> SyncFollowing[Trade]:
        """See `Bus.follow_trades`."""
        return self._follow(self._bus.follow_trades, choices)

    def follow_positions(self, **choices: Unpack[FollowChoices]) -> SyncFollowing[Position]:
        """See `Bus.follow_positions`."""
        return self._follow(self._bus.follow_positions, choices)

    def follow_account(self, **choices: Unpack[FollowChoices]) -> SyncFollowing[Account]:
        """See `Bus.follow_account`."""
        return self._follow(self._bus.follow_account, choices)

    def on_orders(self, handler: Callable[[Order], object], **choices: Unpack[FollowChoices]) -> SyncCalling:
        """See `Bus.on_orders`. The handler is called on the bus's thread and must not call the bus."""
        return SyncCalling(self._portal, self._portal.run(self._bus.on_orders(handler, **choices)))

    def on_trades(self, handler: Callable[[Trade], object], **choices: Unpack[FollowChoices]) -> SyncCalling:
        """See `Bus.on_trades`, and `on_orders`."""
        return SyncCalling(self._portal, self._portal.run(self._bus.on_trades(handler, **choices)))

    def on_positions(self, handler: Callable[[Position], object], **choices: Unpack[FollowChoices]) -> SyncCalling:
        """See `Bus.on_positions`, and `on_orders`."""
        return SyncCalling(self._portal, self._portal.run(self._bus.on_positions(handler, **choices)))

    def on_account(self, handler: Callable[[Account], object], **choices: Unpack[FollowChoices]) -> SyncCalling:
        """See `Bus.on_account`, and `on_orders`."""
        return SyncCalling(self._portal, self._portal.run(self._bus.on_account(handler, **choices)))

    def _follow(self, follow: Callable[..., Following[P]], choices: FollowChoices) -> SyncFollowing[P]:
        async def make() -> Following[P]:
            return follow(**choices)

        return SyncFollowing(self._portal, self._portal.run(make()))
