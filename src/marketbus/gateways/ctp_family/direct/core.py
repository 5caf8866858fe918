"""One line's core, and what it is asked for from Python. Every call lets go of Python's lock while it runs."""

import ctypes
from collections.abc import Sequence
from pathlib import Path

from marketbus.domain.errors import GatewayError
from marketbus.domain.histogram import SECONDS
from marketbus.gateways.ctp_family.direct.answers import Answers
from marketbus.gateways.ctp_family.direct.library import Counters, Event, Options

_SINK = b"marketbus_native.sink.1"
"""core/sink.hpp: kSinkName."""
_MOST = 4096
"""Bytes of an encoded tick, at most: its texts are the SDK's, which are short."""
_POINTER = ctypes.pythonapi.PyCapsule_GetPointer
_POINTER.restype, _POINTER.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)


class Core:
    """Owns the native object, and all that it points to."""

    def __init__(
        self,
        library: ctypes.CDLL,
        gateway: str,
        epoch: int,
        flags: int,
        answers: Answers,
        sink: object | None,
        announced: int | None,
    ) -> None:
        """`sink`: the capsule that finished ticks go into, None: nowhere. `announced`: address of the lab's clock."""
        self.epoch = epoch
        self._library = library
        self._answers = answers
        self._sink = sink
        options = Options(
            gateway.encode(),
            epoch,
            flags,
            answers.ask,
            None if sink is None else _POINTER(sink, _SINK),
            announced,
            (ctypes.c_double * len(SECONDS))(*SECONDS),
        )
        self._self: int | None = library.marketbus_md_new(ctypes.byref(options))

    def open(self, sdk: Path, factory: str, flow: bytes, *, production: bool) -> None:
        """Make the SDK's API.

        Raises:
            GatewayError: the library cannot be loaded, or makes none.
        """
        why: bytes | None = self._library.marketbus_md_open(
            self._self, str(sdk).encode(), factory.encode(), flow, int(production)
        )
        if why is not None:
            raise GatewayError(f"no market data API: {why.decode(errors='replace')}", "run `marketbus check`")

    def add_front(self, address: str) -> None:
        """Before `start`."""
        self._library.marketbus_md_add_front(self._self, address.encode())

    def start(self) -> None:
        """The SDK's threads."""
        self._library.marketbus_md_start(self._self)

    def log_in(self, texts: Sequence[str], request: int) -> int:
        """`texts`: broker, user, password. 0, or the SDK's reason for not sending."""
        return self._library.marketbus_md_log_in(self._self, *(text.encode() for text in texts), request)

    def subscribe(self, symbol: bytes) -> int:
        """As log_in."""
        return self._library.marketbus_md_subscribe(self._self, symbol)

    def unsubscribe(self, symbol: bytes) -> int:
        """As log_in."""
        return self._library.marketbus_md_unsubscribe(self._self, symbol)

    def next(self, seconds: float) -> Event | None:
        """What the SDK said; None after that time without a word."""
        event = Event()
        if self._library.marketbus_md_next(self._self, ctypes.byref(event), int(seconds * 1000)):
            return event
        return None

    def take(self, record: bytes, received: int, market_now: int) -> bool:
        """Take a record as if the SDK had called; whether it was a tick."""
        return bool(self._library.marketbus_md_take(self._self, record, received, market_now))

    def forget(self, symbol: str) -> None:
        """The facts of a symbol have changed."""
        text = symbol.encode("gb18030", "replace")
        self._library.marketbus_md_forget(self._self, text, len(text))

    def expect_repeat(self, vt_symbol: str, until: int) -> None:
        """An unchanged snapshot until then, ns UTC, is no tick."""
        text = vt_symbol.encode()
        self._library.marketbus_md_expect_repeat(self._self, text, len(text), until)

    def counters(self) -> Counters:
        """So far."""
        counters = Counters()
        self._library.marketbus_md_counters(self._self, ctypes.byref(counters))
        return counters

    def seq(self, vt_symbol: str) -> int:
        """Number of the newest tick, 0 without one."""
        text = vt_symbol.encode()
        return self._library.marketbus_md_seq(self._self, text, len(text))

    def last(self, vt_symbol: str) -> bytes:
        """The newest tick as it went out, empty without one."""
        text, buffer = vt_symbol.encode(), ctypes.create_string_buffer(_MOST)
        size: int = self._library.marketbus_md_last(self._self, text, len(text), buffer, _MOST)
        return buffer.raw[:size]

    def newest(self) -> list[bytes]:
        """That of each instrument."""
        buffer = ctypes.create_string_buffer(_MOST)
        found: list[bytes] = []
        for index in range(self._library.marketbus_md_instruments(self._self)):
            size: int = self._library.marketbus_md_last_of(self._self, index, buffer, _MOST)
            if size:
                found.append(buffer.raw[:size])
        return found

    def release(self) -> None:
        """End the SDK's API and the core; waits for a callback in flight. Nothing may be called afterwards."""
        self._library.marketbus_md_delete(self._self)
        self._self = None
