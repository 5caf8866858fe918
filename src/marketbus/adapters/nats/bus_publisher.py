"""Contracts, status and log records to NATS, over the worker's ordinary connection."""

import asyncio
from collections import deque

import nats.errors
from nats.aio.client import Client

from marketbus.domain.contract import Contract
from marketbus.domain.instrument import Instrument
from marketbus.domain.status import GatewayStatus, LogRecord
from marketbus.wire import codec, subjects

_CONTRACTS_AT_ONCE = 200
_LOGS_KEPT = 256


class NatsPublisher:
    """`ports.publisher.Publisher` on NATS.

    While NATS is away a status is dropped (the next one says more), the last log records are kept, and contracts are
    announced again, all of them, with the first status after the reconnect.
    """

    def __init__(self, client: Client) -> None:
        self.dropped: dict[str, int] = {"status": 0, "log": 0}
        """Messages given up, by kind."""
        self._client = client
        self._announced: dict[Instrument, Contract] = {}
        self._incomplete = False
        self._reconnects = self._reconnects_now()
        self._logs: deque[LogRecord] = deque(maxlen=_LOGS_KEPT)

    async def contracts(self, contracts: list[Contract]) -> None:
        """Publish, yielding to the loop now and then."""
        for contract in contracts:
            self._announced[contract.instrument] = contract
        await self._announce(contracts)

    async def status(self, status: GatewayStatus) -> None:
        """Publish a status, and catch up on what an outage kept back."""
        if not await self._publish(subjects.status(status.gateway), codec.encode(status)):
            self.dropped["status"] += 1
            return
        await self._send_logs()
        if self._incomplete or self._reconnects != self._reconnects_now():
            self._incomplete = False
            self._reconnects = self._reconnects_now()
            await self._announce(list(self._announced.values()))

    async def log(self, record: LogRecord) -> None:
        """Publish a log record, or keep it for after the outage."""
        if len(self._logs) == _LOGS_KEPT:
            self.dropped["log"] += 1
        self._logs.append(record)
        await self._send_logs()

    async def _announce(self, contracts: list[Contract]) -> None:
        for start in range(0, len(contracts), _CONTRACTS_AT_ONCE):
            for contract in contracts[start : start + _CONTRACTS_AT_ONCE]:
                subject = subjects.contract(contract.gateway, contract.instrument)
                if not await self._publish(subject, codec.encode(contract)):
                    self._incomplete = True
                    return
            await asyncio.sleep(0)

    async def _send_logs(self) -> None:
        while self._logs:
            record = self._logs[0]
            if not await self._publish(subjects.log(record.gateway, record.level), codec.encode(record)):
                return
            if self._logs and self._logs[0] is record:
                self._logs.popleft()

    async def _publish(self, subject: str, payload: bytes) -> bool:
        if not self._client.is_connected:  # nats-py would keep it and deliver it late
            return False
        try:
            await self._client.publish(subject, payload)
        except (OSError, nats.errors.Error):
            return False
        return True

    def _reconnects_now(self) -> int:
        return self._client.stats["reconnects"]
