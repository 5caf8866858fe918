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
from marketbus.domain.tick import Tick, TickFlag, numbered
from marketbus.domain.times import SHANGHAI
from marketbus.gateways.vnpy.session_marks import Marks
from marketbus.ports.gateway import GatewayContext, GatewaySpec
from marketbus.vnpy_types.market import tick_from_vnpy

_encode = msgspec.msgpack.Encoder().encode
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
    if wrong := differences():
        return None, f"python: native failed its self-test: {wrong}"
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
        self,
        gateway: str,
        epoch: int,
        sink: object | None,
        translate: Translate,
        reject: Callable[[str, str, str], None],
    ) -> None:
        """`sink`: see `GatewayContext.native_sink`; None: ticks are numbered and kept, and go nowhere.

        `reject`: cause, symbol and detail of what the bus cannot carry.
        """
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


def differences() -> str:
    """What it makes of a few fixed ticks otherwise than Python; empty: nothing."""
    try:
        ticks = VnpyTicks(_SAMPLES[0].gateway_name, 1, None, _sample, lambda _cause, _symbol, _detail: None)
        for number, data in enumerate(_SAMPLES * 2, 1):
            ticks.take_at(data, number)
            known = _sample(data, number)
            wanted = _encode(numbered(known[0], 1, 1 + (number > len(_SAMPLES))))
            if ticks.last(data.vt_symbol) != wanted:
                return f"tick {number}"
    except Exception as error:  # noqa: BLE001 (whatever it is: Python does it then)
        return f"{type(error).__name__}: {error}"
    return ""


def _sample(data: TickData, received: int) -> tuple[Tick, Marks]:
    return tick_from_vnpy(data, received, 20260105, 2), Marks(0, _END, 0, _END, 20260105, 2)


_END = 2**62
_AT = dt.datetime(2026, 1, 5, 9, 0, 0, 500_000)
_SAMPLES = (
    TickData("self-test", "rb2605", VnpyExchange.SHFE, _AT, "螺纹钢", 5, 1e9, 3.0, 3100.5, limit_up=float("inf")),
    TickData("self-test", "SPD a&b", VnpyExchange.CZCE, _AT.replace(tzinfo=ZoneInfo("Asia/Shanghai")), last_price=-2,
             bid_price_1=3, bid_volume_1=1, ask_price_1=3.0, ask_volume_1=2, ask_price_5=7, pre_close=1e301),
    TickData("self-test", "BTC/USDT", VnpyExchange.GLOBAL, _AT.replace(tzinfo=dt.UTC), ask_price_2=1, ask_volume_2=0),
)  # fmt: skip
