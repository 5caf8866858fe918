"""The built library and the structs that cross its C ABI, as ctypes."""

import ctypes
from ctypes import c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_void_p
from pathlib import Path

from marketbus.domain.errors import GatewayError
from marketbus.domain.histogram import SECONDS

STRETCHES = 16
"""native/answer.hpp: kStretches."""


class Stretch(ctypes.Structure):
    """native/answer.hpp."""

    _fields_ = (("start", c_int64), ("end", c_int64), ("flags", c_int32), ("flags_when_over", c_int32))


class Question(ctypes.Structure):
    """native/answer.hpp; the texts as the venue wrote them."""

    instrument: bytes
    trading_day: bytes
    action_day: bytes
    update_time: bytes
    millisec: int
    volume: int
    market_now: int

    _fields_ = (
        ("instrument", c_char * 96),
        ("trading_day", c_char * 16),
        ("action_day", c_char * 16),
        ("update_time", c_char * 16),
        ("millisec", c_int32),
        ("volume", c_int32),
        ("market_now", c_int64),
    )


class Answer(ctypes.Structure):
    """native/answer.hpp."""

    taken: int
    keeps: int
    symbol: bytes
    exchange: bytes
    name: bytes
    average_divisor: float
    instant: int
    midnight: int
    trading_day: int
    flags: int
    exchange_id: int
    product_id: int
    stretches: int
    stretch: "ctypes.Array[Stretch]"

    _fields_ = (
        ("taken", c_int32),
        ("keeps", c_int32),
        ("symbol", c_char_p),
        ("exchange", c_char_p),
        ("name", c_char_p),
        ("average_divisor", c_double),
        ("instant", c_int64),
        ("midnight", c_int64),
        ("trading_day", c_int64),
        ("flags", c_int32),
        ("exchange_id", c_int32),
        ("product_id", c_int32),
        ("stretches", c_int32),
        ("stretch", Stretch * STRETCHES),
    )


class Event(ctypes.Structure):
    """native/events.hpp."""

    said: int
    reason: int
    has_data: int
    has_error: int
    error_id: int
    request: int
    last: int
    text: bytes
    words: bytes

    _fields_ = (
        ("said", c_int32),
        ("reason", c_int32),
        ("has_data", c_int32),
        ("has_error", c_int32),
        ("error_id", c_int32),
        ("request", c_int32),
        ("last", c_int32),
        ("text", c_char * 96),
        ("words", c_char * 96),
    )


class Counters(ctypes.Structure):
    """native/line.hpp."""

    count: int
    repeats: int
    last_received: int
    asked: int
    from_venue: "ctypes.Array[c_int64]"
    from_venue_total: float

    _fields_ = (
        ("count", c_int64),
        ("repeats", c_int64),
        ("last_received", c_int64),
        ("asked", c_int64),
        ("from_venue", c_int64 * (len(SECONDS) + 1)),
        ("from_venue_total", c_double),
    )


Ask = ctypes.CFUNCTYPE(None, ctypes.POINTER(Question), ctypes.POINTER(Answer))


class Options(ctypes.Structure):
    """native/line.hpp: LineOptions."""

    _fields_ = (
        ("gateway", c_char_p),
        ("epoch", c_int64),
        ("flags", c_int32),
        ("ask", Ask),
        ("sink", c_void_p),
        ("announced", c_void_p),
        ("bounds", c_double * len(SECONDS)),
    )


_SIZES = {"question": Question, "answer": Answer, "options": Options, "event": Event, "counters": Counters}
_PREFIX = "marketbus_md_"
_SIGNATURES = {
    "new": (c_void_p, (ctypes.POINTER(Options),)),
    "delete": (None, (c_void_p,)),
    "open": (c_char_p, (c_void_p, c_char_p, c_char_p, c_char_p, ctypes.c_int)),
    "add_front": (None, (c_void_p, c_char_p)),
    "start": (None, (c_void_p,)),
    "log_in": (ctypes.c_int, (c_void_p, c_char_p, c_char_p, c_char_p, ctypes.c_int)),
    "subscribe": (ctypes.c_int, (c_void_p, c_char_p)),
    "unsubscribe": (ctypes.c_int, (c_void_p, c_char_p)),
    "next": (ctypes.c_int, (c_void_p, ctypes.POINTER(Event), ctypes.c_int)),
    "take": (ctypes.c_int, (c_void_p, c_char_p, c_int64, c_int64)),
    "forget": (None, (c_void_p, c_char_p, c_size_t)),
    "expect_repeat": (None, (c_void_p, c_char_p, c_size_t, c_int64)),
    "counters": (None, (c_void_p, ctypes.POINTER(Counters))),
    "seq": (c_int64, (c_void_p, c_char_p, c_size_t)),
    "last": (c_size_t, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "instruments": (c_size_t, (c_void_p,)),
    "last_of": (c_size_t, (c_void_p, c_size_t, c_char_p, c_size_t)),
}


def load(path: Path) -> ctypes.CDLL:
    """Load the library and see that it is the one this code was written for.

    Raises:
        GatewayError: it cannot be loaded or has another layout.
    """
    try:
        library = ctypes.CDLL(str(path))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, _PREFIX + name)  # unlike library[...], which makes another each time
            function.restype, function.argtypes = result, arguments
        sizes = {name: int(library[f"{_PREFIX}{name}_bytes"]()) for name in _SIZES}
    except (OSError, AttributeError) as error:
        raise GatewayError(f"cannot load {path.name}: {error}", "run `marketbus setup`") from None
    if sizes != (ours := {name: ctypes.sizeof(kind) for name, kind in _SIZES.items()}):
        raise GatewayError(f"{path.name} has another layout: {sizes}, not {ours}", "run `marketbus setup`")
    return library
