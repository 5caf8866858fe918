"""The accelerator (`native/`, optional): found, tried against the Python code it stands for, or left alone.

`MARKETBUS_NATIVE=0` leaves it alone. Whatever is not exactly as the Python code does it switches it off, and says so.
"""

import os
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from marketbus.domain.histogram import SECONDS
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick, TickFlag
from marketbus.wire import codec, subjects

if TYPE_CHECKING:
    from marketbus_native import _native

SWITCH = "MARKETBUS_NATIVE"
PARTS = ("TickQueue", "TickReader", "VnpyTicks", "read")


class Native(NamedTuple):
    """What was found."""

    module: ModuleType | None
    """`marketbus_native._native`; None: everything runs in Python."""
    words: str
    """`native 0.1.0`, or `python` and the reason."""


def native() -> Native:
    """The accelerator that is installed, tried once per process."""
    if os.environ.get(SWITCH, "1").strip().lower() in ("0", "no", "off", "false"):
        return Native(None, f"python: {SWITCH} switches native off")
    return _load()


@cache
def _load() -> Native:
    try:
        from marketbus_native import VERSION, _native
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("marketbus_native")
        return Native(None, f"python: {'marketbus-native is not installed' if missing else error}")
    except OSError as error:
        return Native(None, f"python: {error}")
    wrong = differences(_native)
    if wrong:
        return Native(None, f"python: native {VERSION} failed its self-test: {wrong}")
    return Native(_native, f"native {VERSION}")


def differences(module: ModuleType) -> str:
    """What it does otherwise than Python on a few fixed ticks; empty: nothing."""
    if missing := [name for name in PARTS if not hasattr(module, name)]:
        return f"it is of another release, without {', '.join(missing)}"
    try:
        queue = tick_queue(module, 1 << 20, 2.0)
        for number, tick in enumerate(SAMPLES):
            payload = codec.encode(tick)
            subject = subjects.tick(tick.gateway, tick.instrument)
            if queue.frame(tick) != b"PUB %b %d\r\n%b\r\n" % (subject.encode(), len(payload), payload):
                return f"message of sample {number}"
            queue.put(tick)
        os.eventfd_read(queue.signal())  # BlockingIOError: a writer on the loop would sleep on
        taken = queue.take()
        if taken is None or taken[0] != b"".join(map(queue.frame, SAMPLES)) or taken[1] != len(SAMPLES):
            return "queue"
        return next(filter(None, (_read_differs(module, tick) for tick in SAMPLES)), "")
    except Exception as error:  # noqa: BLE001 (whatever it is: Python does it then)
        return f"{type(error).__name__}: {error}"


def tick_queue(module: ModuleType, max_bytes: int, max_age: float) -> "_native.TickQueue":
    """An empty queue; see `typings/marketbus_native`."""
    return module.TickQueue(
        tick=Tick,
        exchange=Exchange,
        flag=TickFlag,
        encode=codec.encode,
        encoding_error=msgspec.MsgspecError,
        max_bytes=max_bytes,
        max_age=max_age,
        bounds=SECONDS,
    )


def tick_reader(
    module: ModuleType,
    *,
    track: type,
    tracks: dict[str, Any],
    receive: Callable[[str, bytes], object],
    emit: Callable[[Tick], object],
    stats: object,
    arrived: Callable[[float], object],
    refuse: int,
    every: int,
) -> "_native.TickReader":
    """Takes the messages of one line in the place of `receive`, its twin, which gets whatever is no expected tick.

    Args:
        module: the accelerator.
        track: the class of `tracks`' values; its slots `symbol`, `epoch`, `seq`, `next` are read and written.
        tracks: by subject; None: not wanted. What is there once, stays.
        receive: takes subject and payload.
        emit: takes an expected tick. What it raises comes out of `read`.
        stats: its `ticks` grows by those handed over, at the latest at the end of a read.
        arrived: takes the delay of some of them, seconds.
        refuse: flags of ticks that are not handed over.
        every: mask over an instrument's numbers; those without a bit of it have their delay told.
    """
    return module.TickReader(
        tick=Tick,
        exchange=Exchange,
        flag=TickFlag,
        track=track,
        tracks=tracks,
        receive=receive,
        emit=emit,
        stats=stats,
        arrived=arrived,
        refuse=refuse,
        every=every,
    )


class _Track:
    """Of a line's `Track` what a reader needs; and of its `Stats`."""

    __slots__ = ("epoch", "next", "seq", "symbol", "ticks")

    def __init__(self, tick: Tick) -> None:
        self.symbol = tick.symbol
        self.epoch = tick.epoch
        self.next = tick.seq
        self.seq = self.ticks = 0


class _Sub:
    """Of nats-py's `Subscription` what `read` needs, and of a `Direct`."""

    def __init__(self, receive: Callable[[str, bytes], object]) -> None:
        self._cb = self
        self.receive = receive


def _read_differs(module: ModuleType, tick: Tick) -> str:
    payload = codec.encode(tick)
    heard: list[Tick] = []
    left: list[tuple[str, bytes]] = []
    track = _Track(tick)
    reader = tick_reader(
        module,
        track=_Track,
        tracks={"a.b": track},
        receive=lambda subject, rest: left.append((subject, rest)),
        emit=heard.append,
        stats=track,
        arrived=lambda _: None,
        refuse=0,
        every=7,
    )
    one = b"MSG a.b 7 %d\r\n%b\r\n" % (len(payload), payload)
    data = b"+" + one + one + b"MSG a.b 8 _INBOX.q 0\r\n\r\nPING\r\n"
    if module.read({7: _Sub(reader)}, data, 1, _Sub) != (1 + 2 * len(one), 2, None):
        return "read"
    if left[-1] != ("a.b", payload) or len(left) + track.ticks != 2 or track.ticks != len(heard):
        return "what a reader leaves"
    if heard and (repr(heard[0]) != repr(codec.decode(Tick, payload)) or track.next != tick.seq + 1):
        return "decoding"
    return ""


_TIME = 1_767_225_600_000_000_000
SAMPLES = (
    Tick("a", "b", Exchange.SHFE, 0, 0),
    Tick(
        "ctp-main", "SPD RM501&RM503", Exchange.CZCE, _TIME, _TIME + 1, 2**40, 65_536, 20260105, 131, "菜籽粕套利",
        255.0, 1e12, float("inf"), -3.5, 1.0, limit_up=3500.0, low_price=-0.0, bid_price_1=-4.0, bid_volume_1=7.0,
        ask_volume_5=1.5, pre_settlement=1e-300, average_price=2.0, extra={"oi": None, "n": -129, "t": "x" * 300},
    ),
    Tick("ib", "AAPL-USD-STK" * 30, Exchange.SMART, -1, -32768, 2**63 - 1, 128, 32768, TickFlag.DELAYED, "ß" * 20_000),
    Tick("odd", "types", Exchange.UNKNOWN, 1, 2, volume=5, limit_up=7, last_price=True, extra={}),
)  # fmt: skip
"""Every width of number and text, and types that only msgspec knows what to do with."""
