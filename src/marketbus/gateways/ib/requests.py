"""Requests with an answer: each ends with its rows, with TWS's error, or with a time-out: a mute TWS says nothing."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from marketbus.domain.errors import GatewayError
from marketbus.gateways.ib.notices import is_advice
from marketbus.gateways.ib.pacer import Pacer, Urgency

Key = int | str
"""The request's number, or the name of a request that has none."""


_LATE = 100
"""Requests given up whose late error is still taken for theirs."""


class RequestRefused(GatewayError):
    """TWS answered a request with an error; `error_id` and `words` are its own."""

    def __init__(self, error_id: int, words: str) -> None:
        super().__init__(f"[{error_id}] {words}")
        self.error_id = error_id
        self.words = words


class Unanswered(GatewayError):
    """TWS did not answer a request in time, or went away."""


class Requests:
    """Of one connection; lives on the loop."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._waiting: dict[Key, asyncio.Future[list[Any]]] = {}
        self._rows: dict[Key, list[Any]] = {}
        self._abandoned: deque[Key] = deque(maxlen=_LATE)

    async def ask(
        self, key: Key, send: Callable[[], None], patience: float, urgency: Urgency = Urgency.QUERY
    ) -> list[Any]:
        """The rows of the answer. The patience (seconds) begins when the request is sent, and anew with each row.

        Raises:
            RequestRefused: TWS's error.
            Unanswered: none came in time, or the connection ended.
        """
        answer = self._waiting.get(key)
        if answer is not None:
            raise Unanswered(f"{key} is being asked already")
        answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        self._rows[key] = []
        sent = asyncio.Event()

        def go() -> None:
            sent.set()
            if answer.done():  # nobody waits for it any more
                return
            try:
                send()
            except ConnectionError as error:
                answer.set_exception(Unanswered(str(error)))

        self._pacer.put(urgency, go, sent.set)
        try:
            await sent.wait()
            rows, before = self._rows[key], -1
            while not answer.done() and len(rows) > before:
                before = len(rows)
                await asyncio.wait({answer}, timeout=patience)
            if not answer.done():
                raise Unanswered(f"TWS did not answer within {patience:g} s")
            return answer.result()
        finally:
            self._waiting.pop(key, None)
            self._rows.pop(key, None)
            if not answer.done():
                answer.cancel()

    def asks(self, key: Key) -> bool:
        """Whether an answer to this is being waited for."""
        return key in self._waiting

    def abandon(self, key: Key) -> None:
        """Nobody waits any more, and TWS will be told: what it says to that is no news."""
        self._abandoned.append(key)

    def row(self, key: Key, row: Any) -> None:
        """One row of an answer; of a request that nobody waits for, nothing."""
        rows = self._rows.get(key)
        if rows is not None:
            rows.append(row)

    def done(self, key: Key) -> None:
        """Its last row was there."""
        answer = self._waiting.get(key)
        if answer is not None and not answer.done():
            answer.set_result(self._rows[key])

    def refused(self, key: Key, error_id: int, words: str) -> bool:
        """Whether the error was the answer to a request."""
        answer = self._waiting.get(key)
        if answer is None or is_advice(error_id):
            return key in self._abandoned
        if not answer.done():
            answer.set_exception(RequestRefused(error_id, words))
        return True

    def end(self) -> None:
        """The connection is gone."""
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Unanswered("the connection to TWS ended"))
