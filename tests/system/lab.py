"""The simulated counter in a thread of this process: `control` speaks to it, `call` looks inside."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import numpy as np

from marketbus.lab.clock import from_ns
from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import CounterLab, Dialect, LabControl, LabOptions, build
from marketbus.lab.exchange import Exchange, Ticks
from marketbus.lab.instruments import Listing
from tests.system import past_python

T = TypeVar("T")
MORNING = datetime.fromisoformat("2026-11-20T09:30:00+08:00")
"""A Friday in session."""


class Lab:
    """A counter on free ports."""

    def __init__(self, dialect: Dialect = CTP, **options: Any) -> None:
        build.ensure(dialect)
        past_python.ensure(dialect)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)
        self._thread.start()
        options = {"instruments": 300, "rate": 200.0, "start": MORNING} | options
        self.inner = CounterLab(dialect, LabOptions(**options))
        self.run(self.inner.start())
        self.addresses = self.inner.addresses
        self.md: str = self.addresses["md"]
        self.md_fronts = [address for name, address in self.addresses.items() if name.startswith("md")]
        self.td: str = self.addresses["td"]
        self.control = LabControl.at(self.addresses["control"])

    def run(self, work: Awaitable[T], within: float = 30.0) -> T:
        """A coroutine in the lab's thread."""

        async def wait() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(within)

    def call(self, look: Callable[[CounterLab], T]) -> T:
        """A function in the lab's thread, between two ticks."""

        async def act() -> T:
            return look(self.inner)

        return self.run(act())

    def stop(self) -> None:
        """Closes its ports."""
        self.control.close()
        self.run(self.inner.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    # What the lab knows.

    @property
    def exchange(self) -> Exchange:
        """The market model."""
        return self.inner._feed._exchange  # pyright: ignore[reportPrivateUsage]

    @property
    def listings(self) -> dict[str, Listing]:
        """By symbol."""
        return {listing.symbol: listing for listing in self.exchange.listings}

    @property
    def subscribed(self) -> set[str]:
        """Symbols that somebody subscribed."""
        return self.call(
            lambda lab: {
                self.exchange.listings[row].symbol
                for row in np.flatnonzero(lab._feed._subscribers > 0)  # pyright: ignore[reportPrivateUsage]
            }
        )

    def market(self, symbol: str) -> tuple[Ticks, datetime]:
        """The latest raw tick of an instrument and the market's time when it was made."""

        def look(lab: CounterLab) -> tuple[Ticks, datetime]:
            row = self.exchange.rows[symbol]
            moment = from_ns(int(lab._feed._time_ns[row]))  # pyright: ignore[reportPrivateUsage]
            return self.exchange.snapshot(np.array([row])), moment

        return self.call(look)

    def count_subscriptions(self) -> list[str]:
        """A list that grows by the symbol of every subscription that is asked for."""
        feed = self.inner._feed  # pyright: ignore[reportPrivateUsage]
        subscribe = feed.subscribe
        seen: list[str] = []

        def counted(session: Any, symbol: str) -> None:
            seen.append(symbol)
            subscribe(session, symbol)

        feed.subscribe = counted
        return seen

    def count_logins(self) -> list[str]:
        """A list that grows by the user of every login that is tried, taken or not."""
        keeper = self.inner._gatekeeper  # pyright: ignore[reportPrivateUsage]
        judge = keeper.login_error
        seen: list[str] = []

        def counted(session: Any, asked: dict[str, Any], *, trading: bool) -> int:
            seen.append("td" if trading else "md")
            return judge(session, asked, trading=trading)

        keeper.login_error = counted
        return seen
