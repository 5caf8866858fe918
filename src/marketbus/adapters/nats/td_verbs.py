"""Which method of an account's service answers which verb, and how its result is written."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import msgspec

from marketbus.adapters.nats.verbs import Answer
from marketbus.domain.account import Account
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.ports.trading_publisher import TradingPayload
from marketbus.ports.trading_service import TradingService
from marketbus.wire import codec, rpc, td_rpc

_json = msgspec.json.encode
PIECE = 100_000
"""Characters of a statement in one message: at 6 bytes at most each, it fits NATS' 1 MB."""


async def td_answer(service: TradingService, verb: str, request: Any, principal: str) -> Answer:
    """Call the service and encode what it says.

    Raises:
        MarketBusError: the service refuses.
    """
    return await _ANSWERS[verb](service, request, principal)


async def _send_order(service: TradingService, request: td_rpc.SendOrder, principal: str) -> Answer:
    return _object(await service.send_order(request.to_request(service.gateway, service.account, principal)))


async def _send_bracket(service: TradingService, request: td_rpc.SendBracket, principal: str) -> Answer:
    orders = await service.send_bracket(request.to_bracket(service.gateway, service.account, principal))
    return _json([codec.to_object(order) for order in orders])


async def _what_if(service: TradingService, request: td_rpc.SendOrder, principal: str) -> Answer:
    return _json(await service.what_if(request.to_request(service.gateway, service.account, principal)))


async def _modify_order(service: TradingService, request: td_rpc.ModifyOrder, principal: str) -> Answer:
    return _object(await service.modify_order(request.to_request(service.gateway, service.account, principal)))


async def _cancel_order(service: TradingService, request: td_rpc.CancelOrder, principal: str) -> Answer:
    return _object(await service.cancel_order(request.to_request(service.gateway, service.account, principal)))


async def _cancel_all(service: TradingService, request: td_rpc.CancelAll, principal: str) -> Answer:
    orders = await service.cancel_all(request.vt_symbol, principal)
    return _json(td_rpc.Asked([order.client_order_id for order in orders]))


async def _order(service: TradingService, request: td_rpc.OneOrder, principal: str) -> Answer:
    return _object(await service.order(request.client_order_id))


async def _orders(service: TradingService, request: td_rpc.Orders, principal: str) -> Answer:
    return _encoded(service.orders(active=request.active))


async def _trades(service: TradingService, request: rpc.Nothing, principal: str) -> Answer:
    return _encoded(service.trades())


async def _positions(service: TradingService, request: rpc.Nothing, principal: str) -> Answer:
    return _encoded(service.positions())


async def _account(service: TradingService, request: rpc.Nothing, principal: str) -> Answer:
    return _json(codec.to_object(service.funds()))


async def _events(service: TradingService, request: td_rpc.Events, principal: str) -> Answer:
    return _encoded(await service.events(request.since, request.limit))


async def _head(service: TradingService, request: rpc.Nothing, principal: str) -> Answer:
    return _json(td_rpc.JournalHead(service.head()))


async def _tally(service: TradingService, request: td_rpc.Tally, principal: str) -> Answer:
    return _json(td_rpc.Tallied(*service.tally(_KINDS[request.kind], request.since)))


async def _control(service: TradingService, request: td_rpc.HoldControl, principal: str) -> Answer:
    return _json(td_rpc.Controlled(service.control(principal, request.ttl)))


async def _rates(service: TradingService, request: td_rpc.AskRates, principal: str) -> Answer:
    return _json(td_rpc.KnownRates(list(service.rates(request.vt_symbols))))


async def _settlement(service: TradingService, request: td_rpc.AskSettlement, principal: str) -> Answer:
    day, text = await service.settlement(request.trading_day)
    return (_json(td_rpc.SettlementPart(day, text[at : at + PIECE])) for at in range(0, len(text), PIECE))


async def _settlement_days(service: TradingService, request: rpc.Nothing, principal: str) -> Answer:
    return _json(td_rpc.SettlementDays(list(service.settlement_days())))


async def _risk(service: TradingService, request: rpc.Request, principal: str) -> Answer:
    return _json(service.risk())


async def _tighten_risk(service: TradingService, request: td_rpc.TightenRisk, principal: str) -> Answer:
    await service.tighten(request.limits, principal)
    return await _risk(service, request, principal)


async def _kill(service: TradingService, request: td_rpc.Kill, principal: str) -> Answer:
    service.kill(request.why, principal)
    return await _killed(service, request, principal)


async def _release(service: TradingService, request: rpc.Nothing, principal: str) -> Answer:
    await service.release(principal)
    return await _killed(service, request, principal)


async def _killed(service: TradingService, request: rpc.Request, principal: str) -> Answer:
    return _json(td_rpc.Killed(*service.killed()))


_KINDS: dict[str, type[TradingPayload]] = {"order": Order, "trade": Trade, "position": Position, "account": Account}


def _object(order: Order) -> bytes:
    return _json(codec.to_object(order))


def _encoded(payloads: Iterable[TradingPayload]) -> Iterator[bytes]:
    return map(codec.encode, list(payloads))


_ANSWERS: dict[str, Callable[[TradingService, Any, str], Awaitable[Answer]]] = {
    "send_order": _send_order,
    "send_bracket": _send_bracket,
    "what_if": _what_if,
    "modify_order": _modify_order,
    "cancel_order": _cancel_order,
    "cancel_all": _cancel_all,
    "order": _order,
    "orders": _orders,
    "trades": _trades,
    "positions": _positions,
    "account": _account,
    "events": _events,
    "head": _head,
    "tally": _tally,
    "control": _control,
    "rates": _rates,
    "settlement": _settlement,
    "settlement_days": _settlement_days,
    "risk": _risk,
    "tighten_risk": _tighten_risk,
    "kill": _kill,
    "release": _release,
    "killed": _killed,
}
