"""Which method of a gateway's service answers which verb, and how its result is written."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from marketbus.domain.bar import Bar
from marketbus.domain.contract import Contract
from marketbus.domain.history import HistoryRequest, Progress
from marketbus.domain.instrument import parse_instrument
from marketbus.domain.tick import Tick
from marketbus.ports.service import GatewayService
from marketbus.wire import codec, rpc

Answer = bytes | Iterator[bytes] | AsyncGenerator[bytes]
"""One message, or a stream of them; an asynchronous one is closed by whom it is given to."""

_json = msgspec.json.encode


def answer(service: GatewayService, verb: str, request: Any, principal: str) -> Answer:
    """Call the service and encode what it says.

    Raises:
        MarketBusError: the service refuses.
    """
    return _ANSWERS[verb](service, request, principal)


def _status(service: GatewayService, request: rpc.Nothing, principal: str) -> Answer:
    return _json(codec.to_object(service.status()))


def _subscribe(service: GatewayService, request: rpc.Subscribe, principal: str) -> Answer:
    return _json(service.subscribe(request.owner, request.patterns, request.ttl))


def _renew(service: GatewayService, request: rpc.Renew, principal: str) -> Answer:
    return _json(rpc.Renewed(service.renew(request.owner, request.ttl, request.heard), service.epoch))


def _unsubscribe(service: GatewayService, request: rpc.Unsubscribe, principal: str) -> Answer:
    service.unsubscribe(request.owner)
    return _json(rpc.Nothing())


def _subscriptions(service: GatewayService, request: rpc.Nothing, principal: str) -> Answer:
    return iter([_json(interest) for interest in service.subscriptions()])


def _snapshot(service: GatewayService, request: rpc.Select, principal: str) -> Answer:
    return _encoded(service.snapshot(request.patterns))


def _contracts(service: GatewayService, request: rpc.Select, principal: str) -> Answer:
    return _encoded(service.contracts(request.patterns))


def _calendar(service: GatewayService, request: rpc.Nothing, principal: str) -> Answer:
    return _json(service.calendar())


def _query_history(service: GatewayService, request: rpc.QueryHistory, principal: str) -> Answer:
    instrument = parse_instrument(request.symbol)
    wanted = HistoryRequest(instrument, request.interval, request.start, request.end, request.ticks)
    return _told(service.query_history(wanted))


async def _told(
    parts: AsyncGenerator[Sequence[Bar] | Sequence[Tick] | Progress],
) -> AsyncGenerator[bytes]:
    async with aclosing(parts):
        async for part in parts:
            for each in (part,) if isinstance(part, Progress) else part:
                yield codec.encode(each)


def _pin(service: GatewayService, request: rpc.Select, principal: str) -> Answer:
    return _json(rpc.Pinned(list(service.pin(request.patterns, principal))))


def _unpin(service: GatewayService, request: rpc.Select, principal: str) -> Answer:
    return _json(rpc.Pinned(list(service.unpin(request.patterns, principal))))


def _reconnect(service: GatewayService, request: rpc.Nothing, principal: str) -> Answer:
    service.reconnect(principal)
    return _json(rpc.Nothing())


def _encoded(payloads: Iterable[Tick] | Iterable[Contract]) -> Iterator[bytes]:
    # A list first: the service may change its own while the stream waits for the bus.
    return map(codec.encode, list(payloads))


_ANSWERS: dict[str, Callable[[GatewayService, Any, str], Answer]] = {
    "status": _status,
    "subscribe": _subscribe,
    "renew": _renew,
    "unsubscribe": _unsubscribe,
    "subscriptions": _subscriptions,
    "snapshot": _snapshot,
    "contracts": _contracts,
    "calendar": _calendar,
    "query_history": _query_history,
    "pin": _pin,
    "unpin": _unpin,
    "reconnect": _reconnect,
}
