"""The past of one instrument, as a user asks for it: answer after answer, until it is whole."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

import msgspec

from marketbus.client.frame import Rows
from marketbus.client.hub import Hub
from marketbus.client.plan import choose
from marketbus.domain.bar import Bar, Interval
from marketbus.domain.errors import BadRequest
from marketbus.domain.history import TickKind
from marketbus.domain.instrument import Pattern, parse_instrument
from marketbus.domain.tick import Tick
from marketbus.domain.times import SHANGHAI, from_datetime
from marketbus.wire.rpc import QueryHistory

When = datetime | date | str | int
"""A time: aware, or in Asia/Shanghai; a date is its midnight; a text such as `2026-11-19 21:00`; ns since 1970 UTC."""
OnWait = Callable[[float], object]
LEAST_PAUSE = 0.2
"""Seconds between two requests where the first brought nothing."""
T = TypeVar("T", Bar, Tick)


class HistoryApi:
    """The part of a bus that asks for the past."""

    _hub: Hub

    async def query_history(
        self,
        symbol: str,
        interval: Interval | str,
        start: When,
        end: When | None = None,
        *,
        gateway: str | None = None,
        wait: float = 10.0,
        on_wait: OnWait | None = None,
    ) -> Rows[Bar]:
        """Bars that begin from `start` on and before `end` (now, if none is given) and are over, in time's order.

        Venues limit how often they may be asked, so a long history takes minutes; it is waited for.

        Args:
            symbol: `AAPL-USD-STK.SMART`, `SMART.AAPL-USD-STK`.
            interval: `1m`, `1h`, `d`; what else there is depends on the venue.
            start: see `When`.
            end: see `When`.
            gateway: whose history; needed where several carry the instrument and none is preferred.
            wait: seconds to wait for gateways that are starting and have no contracts yet.
            on_wait: called before each pause with its seconds.

        Raises:
            NotSupported: the gateway has no history, or no such interval.
            BadRequest: the end is not after the start, or the span is too large.
            GatewayError: the venue refused, in its words, or did not answer.
            MarketBusError: as `contract`.
        """
        known = Interval(interval)
        if known is Interval.TICK:
            raise BadRequest("ticks are no bars", "query_ticks() gives them")
        wanted = QueryHistory(parse_instrument(symbol).vt_symbol, known, _ns("start", start), _end(end))
        return await _ask(self._hub, wanted, Bar, gateway, wait, on_wait)

    async def query_ticks(
        self,
        symbol: str,
        start: When,
        end: When | None = None,
        *,
        kind: TickKind | str = TickKind.TRADES,
        gateway: str | None = None,
        wait: float = 10.0,
        on_wait: OnWait | None = None,
    ) -> Rows[Tick]:
        """Ticks of the past, a day at most: with `kind` `trades` one for each trade, with `quotes` for each quote.

        They are not numbered (`epoch` and `seq` are 0), and have of a tick's fields what the venue remembers.

        Raises:
            MarketBusError: as `query_history`.
        """
        try:
            ticks = TickKind(kind)
        except ValueError:
            raise BadRequest(f"there are no ticks of kind {kind!r}", f"one of {', '.join(TickKind)}") from None
        symbol = parse_instrument(symbol).vt_symbol
        wanted = QueryHistory(symbol, Interval.TICK, _ns("start", start), _end(end), ticks)
        return await _ask(self._hub, wanted, Tick, gateway, wait, on_wait)


async def _ask(
    hub: Hub, wanted: QueryHistory, kind: type[T], gateway: str | None, wait: float, on_wait: OnWait | None
) -> Rows[T]:
    plan = await hub.resolver.resolve([Pattern(wanted.symbol)], gateway, wait)
    name = choose(wanted.symbol, list(plan), hub.resolver.preferred)
    rows: Rows[T] = Rows()
    while True:
        items, progress = await hub.calls.history(name, wanted, kind)
        rows += items
        if progress.complete:
            return rows
        pause = progress.wait if items or progress.wait > LEAST_PAUSE else LEAST_PAUSE
        if progress.wait and on_wait is not None:
            on_wait(progress.wait)
        await asyncio.sleep(pause)
        wanted = msgspec.structs.replace(wanted, start=max(wanted.start, progress.until))


def _end(end: When | None) -> int:
    return 0 if end is None else _ns("end", end)


def _ns(which: str, when: When) -> int:
    """ns UTC. Raises BadRequest."""
    try:
        if isinstance(when, str):
            when = datetime.fromisoformat(when.strip())
        if isinstance(when, datetime):
            when = from_datetime(when)
        elif isinstance(when, date):
            when = from_datetime(datetime(when.year, when.month, when.day, tzinfo=SHANGHAI))
    except (ValueError, OverflowError):
        raise BadRequest(f"{which}: {when!r} is no time", "such as 2026-11-19, or 2026-11-19T21:00:00+08:00") from None
    if when <= 0:
        raise BadRequest(f"{which} is before 1970", "times are ns since 1970 UTC")
    return when
