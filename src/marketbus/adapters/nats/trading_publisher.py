"""td.* events to NATS: confirmed by the server before the next ones go."""

from collections.abc import Sequence

import nats.errors
from nats.aio.client import Client

from marketbus.domain.account import Account
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.order import Order
from marketbus.domain.trade import Trade
from marketbus.ports.trading_publisher import TradingPayload
from marketbus.wire import codec, subjects

_CONFIRM = 5
"""Seconds for the server to have taken what was published."""


class NatsTradingPublisher:
    """`ports.trading_publisher.TradingPublisher` on NATS."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def tell(self, payloads: Sequence[TradingPayload]) -> None:
        """See `TradingPublisher`."""
        if not self._client.is_connected:  # nats-py would keep them, and lose them with the process
            raise BusUnavailable("NATS is away")
        reconnects = self._client.stats["reconnects"]
        try:
            for payload in payloads:
                await self._client.publish(_subject(payload), codec.encode(payload))
            await self._client.flush(_CONFIRM)
        except (OSError, nats.errors.Error) as error:
            raise BusUnavailable(f"NATS did not take them: {error}") from error
        if self._client.stats["reconnects"] != reconnects:
            raise BusUnavailable("the connection broke meanwhile")


def _subject(payload: TradingPayload) -> str:
    if isinstance(payload, Account):
        return subjects.account(payload.gateway, payload.account)
    of = subjects.order if isinstance(payload, Order) else subjects.position
    if isinstance(payload, Trade):
        of = subjects.trade
    return of(payload.gateway, payload.account, payload.instrument)
