"""One connection to TWS: its client, the pace of what is sent, and the answers that are waited for."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from ib_async.contract import Contract, ContractDescription, ContractDetails

from marketbus.gateways.ib.client_api import Tws, TwsClient
from marketbus.gateways.ib.pacer import Pacer, Urgency
from marketbus.gateways.ib.requests import Key, Requests, Unanswered

Call = Callable[[Tws], None]


class Connection:
    """Good until it is ended; a new one has another client. Numbers of requests and orders are of one series."""

    def __init__(self, client: TwsClient, pacer: Pacer, requests: Requests, patience: float) -> None:
        """`patience`: seconds for one answer."""
        self.client = client
        self.patience = patience
        self._pacer = pacer
        self._requests = requests

    @property
    def open(self) -> bool:
        """Whether TWS has taken us and the socket stands."""
        return self.client.isReady()

    def number(self) -> int:
        """For the next request or order. Raises Unanswered: it is over."""
        if not self.open:
            raise Unanswered("the connection to TWS ended")
        return self.client.getReqId()

    def send(self, urgency: Urgency, call: Call, dropped: Callable[[], None] = lambda: None) -> None:
        """Send a message when it may go; `dropped` if the connection ends before."""

        def go() -> None:
            if self.open:
                call(self.client)
            else:
                dropped()

        self._pacer.put(urgency, go, dropped)

    async def ask(
        self, key: Key, call: Call, patience: float | None = None, urgency: Urgency = Urgency.QUERY
    ) -> list[Any]:
        """The rows of an answer. Raises GatewayError: refused, or not answered."""
        return await self._requests.ask(key, lambda: call(self.client), patience or self.patience, urgency)

    async def past(self, call: Callable[[Tws, int], None], patience: float) -> list[Any]:
        """The rows of a request for historical data; TWS is told when nobody waits for them any more.

        Raises:
            GatewayError: refused, or not answered.
        """
        number = self.number()
        try:
            return await self.ask(number, lambda client: call(client, number), patience, Urgency.HISTORY)
        except (Unanswered, asyncio.CancelledError):
            self._requests.abandon(number)
            self.send(Urgency.HISTORY, lambda client: client.cancelHistoricalData(number))
            raise

    async def details(self, contract: Contract) -> Sequence[ContractDetails]:
        """Every contract that fits."""
        number = self.number()
        return await self.ask(number, lambda client: client.reqContractDetails(number, contract))

    async def matching(self, text: str) -> Sequence[ContractDescription]:
        """Stocks whose symbol or name is like it."""
        number = self.number()
        return await self.ask(number, lambda client: client.reqMatchingSymbols(number, text))
