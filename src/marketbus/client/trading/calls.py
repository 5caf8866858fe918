"""The verbs of a trading account, typed."""

import os
import socket
import time
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from marketbus.client.calls import Calls, NoAnswer
from marketbus.domain.account import Account
from marketbus.domain.bracket import BracketRequest
from marketbus.domain.errors import OutcomeUnknown
from marketbus.domain.message import Bilingual
from marketbus.domain.order import Order
from marketbus.domain.order_request import CancelRequest, ModifyRequest, OrderRequest
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.trade import Trade
from marketbus.wire import codec, subjects
from marketbus.wire.rpc import Nothing, Request
from marketbus.wire.td_rpc import (
    Asked,
    CancelAll,
    CancelOrder,
    Controlled,
    Events,
    HoldControl,
    JournalHead,
    ModifyOrder,
    OneOrder,
    Orders,
    SendBracket,
    SendOrder,
    Tallied,
    Tally,
)

R = TypeVar("R")
P = TypeVar("P", Order, Trade, Position, Account)
_HOST = socket.gethostname()[:64]
_USER = (os.environ.get("LOGNAME") or os.environ.get("USER") or "")[:64]
"""Where and under whose login this program runs: for the journal."""
PAGE = 5_000
"""Payloads asked of the journal at a time."""

_KINDS: dict[str, Any] = {str(kind.__struct_config__.tag): kind for kind in (Order, Trade, Position, Account)}
_NAMES: dict[type, Literal["order", "trade", "position", "account"]] = {
    Order: "order",
    Trade: "trade",
    Position: "position",
    Account: "account",
}
_LOOK_IT_UP = Bilingual(
    "look it up by its id; the same id may be sent again, another one may become a second order",
    "请按委托号查询；可用同一委托号重发，换号重发可能重复下单",
)


class Desk(NamedTuple):
    """Who takes orders: the account of a gateway."""

    gateway: str
    account: str


class TradingCalls:
    """What a desk can be asked."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @property
    def principal(self) -> str:
        """In whose name."""
        return self._calls.principal

    async def send_order(self, desk: Desk, request: OrderRequest) -> Order:
        """Send one order; gives it as it stands then.

        Raises:
            BusUnavailable: not connected; it was not sent.
            OutcomeUnknown: no answer.
            BadRequest: the id belongs to an order that asks for something else.
        """
        return await self._acted(desk, "send_order", _body(request), request.client_order_id)

    async def send_bracket(self, desk: Desk, request: BracketRequest) -> list[Order]:
        """Send an entry with its take profit and its stop loss; gives the three. Raises as `send_order`."""
        entry = _body(request.entry)
        body = SendBracket(
            **msgspec.structs.asdict(entry), take_profit=request.take_profit, stop_loss=request.stop_loss
        )  # fmt: skip
        try:
            reply = await self._one(desk, "send_bracket", body, list[dict[str, Any]], unbroken=True)
        except NoAnswer as error:
            order_id = entry.client_order_id
            raise OutcomeUnknown(f"bracket {order_id}: {error.message}", str(_LOOK_IT_UP), order_id) from None
        return [codec.from_object(Order, each) for each in reply]

    async def what_if(self, desk: Desk, request: OrderRequest) -> OrderPreview:
        """What an order would cost; nothing is sent."""
        return await self._one(desk, "what_if", _body(request), OrderPreview, unbroken=True)

    async def cancel_order(self, desk: Desk, request: CancelRequest) -> Order:
        """Ask for the cancel of one order; gives it as it stands then.

        Raises:
            BusUnavailable: not connected; it was not sent.
            OutcomeUnknown: no answer.
            UnknownOrder: no such order.
            OrderDenied: a limit of ours on cancels.
            NotSent: there is no trading session.
        """
        body = CancelOrder(request.client_order_id, request.valid_until, _HOST, _USER)
        return await self._acted(desk, "cancel_order", body, request.client_order_id)

    async def modify_order(self, desk: Desk, request: ModifyRequest) -> Order:
        """Ask for another price or volume of one order; gives it as it stands then.

        Raises:
            BusUnavailable: not connected; it was not sent.
            OutcomeUnknown: no answer.
            UnknownOrder: no such order.
            OrderDenied: a rule said no.
            NotSupported: the venue changes no orders.
        """
        body = ModifyOrder(request.client_order_id, request.valid_until, request.price, request.volume, _HOST, _USER)
        return await self._acted(desk, "modify_order", body, request.client_order_id)

    async def cancel_all(self, desk: Desk, vt_symbol: str) -> list[str]:
        """Ask for the cancel of every open order; gives the ids of those that were asked for.

        Raises:
            BusUnavailable: not connected; it was not sent.
            OutcomeUnknown: no answer.
        """
        try:
            return (await self._one(desk, "cancel_all", CancelAll(vt_symbol), Asked, unbroken=True)).client_order_ids
        except NoAnswer as error:
            raise OutcomeUnknown(error.message, "ask again: cancels may be repeated / 撤单可以重复发送") from None

    async def order(self, desk: Desk, client_order_id: str) -> Order:
        """One order as it stands, however old.

        Raises:
            UnknownOrder: no such order.
        """
        reply = await self._one(desk, "order", OneOrder(client_order_id), dict[str, Any])
        return codec.from_object(Order, reply)

    async def orders(self, desk: Desk, *, active: bool = False) -> list[Order]:
        """Of these days, or those that stand or may stand at the venue."""
        return [codec.decode(Order, each) for each in await self._many(desk, "orders", Orders(active))]

    async def trades(self, desk: Desk) -> list[Trade]:
        """Of these days."""
        return [codec.decode(Trade, each) for each in await self._many(desk, "trades", Nothing())]

    async def positions(self, desk: Desk) -> list[Position]:
        """Held, or traded today."""
        return [codec.decode(Position, each) for each in await self._many(desk, "positions", Nothing())]

    async def account(self, desk: Desk) -> Account:
        """The funds.

        Raises:
            GatewayError: they are not known yet.
        """
        return codec.from_object(Account, await self._one(desk, "account", Nothing(), dict[str, Any]))

    async def control(self, desk: Desk, ttl: float) -> bool:
        """Take or renew the lease on one's orders; 0 gives it back. Whether its end has them cancelled."""
        return (await self._one(desk, "control", HoldControl(ttl), Controlled)).armed

    async def head(self, desk: Desk) -> int:
        """The last position of the account's journal."""
        return (await self._one(desk, "head", Nothing(), JournalHead, unbroken=True)).position

    async def events(self, desk: Desk, kind: type[P], since: int) -> tuple[list[P], int, bool]:
        """One page of what the journal tells of a kind: the payloads, the position they reach to, and whether
        there may be more."""
        tag = str(kind.__struct_config__.tag)
        page = await self._many(desk, "events", Events(since, PAGE))
        found = [codec.decode(kind, each) for each in page if codec.tag_of(each) == tag]
        upto = max(since, _position(page[-1])) if page else since
        return found, upto, len(page) >= PAGE

    async def tally(self, desk: Desk, kind: type[P], since: int) -> Tallied:
        """How much of a kind was told after a position of the journal."""
        return await self._one(desk, "tally", Tally(_NAMES[kind], since), Tallied)

    async def _acted(self, desk: Desk, verb: str, body: Request, client_order_id: str) -> Order:
        try:
            reply = await self._one(desk, verb, body, dict[str, Any], unbroken=True)
        except NoAnswer as error:
            raise OutcomeUnknown(
                f"order {client_order_id}: {error.message}", str(_LOOK_IT_UP), client_order_id
            ) from None
        return codec.from_object(Order, reply)

    async def _one(self, desk: Desk, verb: str, body: Request, kind: type[R], *, unbroken: bool = False) -> R:
        return await self._calls.ask(self._subject(desk, verb), desk.gateway, verb, body, kind, unbroken=unbroken)

    async def _many(self, desk: Desk, verb: str, body: Request) -> Sequence[bytes]:
        return await self._calls.stream(self._subject(desk, verb), desk.gateway, verb, body)

    def _subject(self, desk: Desk, verb: str) -> str:
        return subjects.td_rpc(desk.gateway, desk.account, verb, self.principal)


def _position(payload: bytes) -> int:
    kind = _KINDS.get(codec.tag_of(payload))
    return 0 if kind is None else codec.decode(kind, payload).journal_position


def valid_until(valid_for: float) -> int:
    """ns UTC, so many seconds from now."""
    return time.time_ns() + int(valid_for * 1e9)


def _body(request: OrderRequest) -> SendOrder:
    return SendOrder(
        symbol=request.symbol,
        exchange=request.exchange,
        direction=request.direction,
        volume=request.volume,
        price=request.price,
        client_order_id=request.client_order_id,
        valid_until=request.valid_until,
        type=request.type,
        offset=request.offset,
        reference=request.reference,
        hedge=request.hedge,
        ext=request.ext,
        host=request.host or _HOST,
        trader=request.trader or _USER,
    )
