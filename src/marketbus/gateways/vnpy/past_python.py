"""A hosted gateway's ticks past Python: translated, numbered and encoded in C, in the thread that brings them.

`marketbus_native`'s VnpyTicks reads a TickData where it lies. Whatever it has not seen before (an instrument, another
session, a type or a time zone of somebody's own) it asks `translate` for, so every rule is written once, in Python.
"""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.object import TickData

from marketbus.domain.histogram import SECONDS
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import SHANGHAI
from marketbus.gateways.vnpy.session_marks import Marks
from marketbus.ports.gateway import GatewayContext, GatewaySpec

_EIGHT_HOURS = 8 * 3600
ZONES = (
    (None, _EIGHT_HOURS),  # vnpy's naive times are Shanghai's
    (ZoneInfo("Asia/Shanghai"), _EIGHT_HOURS),
    (SHANGHAI, _EIGHT_HOURS),
    (dt.UTC, 0),
    (ZoneInfo("UTC"), 0),
)
"""By identity: zoneinfo hands out the same object for the same key."""

Translate = Callable[[TickData, int], tuple[Tick, Marks] | None]
"""A tick received at an instant, ns UTC, and what is known of its session; None: it was rejected."""
Answer = tuple[Tick, str, VnpyExchange, Marks]
"""A tick; symbol and exchange as vnpy has them; what is known of its session."""


def open_ticks(spec: GatewaySpec, context: GatewayContext, translate: Translate) -> "tuple[VnpyTicks | None, str]":
    """What takes a line's ticks past Python, if it may, and who takes them in words: `native`, or `python` and why."""
    if not spec.native:
        return None, f"python: native = false for {spec.name}"
    if context.native_sink is None:
        return None, "python: the accelerator is not in use"
    return VnpyTicks(spec.name, context.epoch, context.native_sink, translate, context.sink.reject), "native"


class Counters(msgspec.Struct, frozen=True):
    """See native_ticks.Counters."""

    count: int
    repeats: int
    last_received: int
    from_venue: tuple[int, ...]
    from_venue_total: float


class VnpyTicks:
    """Implements native_ticks.NativeTable."""

    def __init__(
        self, gateway: str, epoch: int, sink: object, translate: Translate, reject: Callable[[str, str, str], None]
    ) -> None:
        """`sink`: see `GatewayContext.native_sink`; `reject`: cause, symbol and detail of what the bus cannot carry."""
        from marketbus_native import _native

        self.epoch = epoch
        self._translate = translate
        self._reject = reject
        native = _native.VnpyTicks(sink, gateway, epoch, Tick, Exchange, TickFlag, ZONES, SECONDS, self._ask)
        self._counters = native.counters
        self.take: Callable[[TickData], None] = native.take
        """A tick, from any thread; received now."""
        self.take_at = native.take_at
        self.seq = native.seq
        self.last = native.last
        self.newest = native.newest
        self.expect_repeat = native.expect_repeat

    def counters(self) -> Counters:
        """See NativeTable."""
        return Counters(*self._counters())

    def _ask(self, data: TickData, received: int) -> Answer | None:
        known = self._translate(data, received)
        if known is None:
            return None
        tick, marks = known
        try:
            (tick.symbol + tick.name).encode()
            tick.datetime.to_bytes(8, signed=True)
        except (UnicodeEncodeError, OverflowError) as error:
            self._reject("unencodable", tick.symbol, str(error))
            return None
        return tick, tick.symbol, data.exchange, marks
