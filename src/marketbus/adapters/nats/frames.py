"""Ticks as NATS protocol frames."""

from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick
from marketbus.wire import codec, subjects

_MAX_KNOWN = 200_000  # more subjects than any venue lists; beyond, a hostile feed, and we start over
_LENGTHS = tuple(b"%d\r\n" % size for size in range(2048))
_encode = codec.encode


class TooLarge(ValueError):
    """A payload that no reader of ours would take."""


class TickFrames:
    """`PUB <subject> <length>\\r\\n<payload>\\r\\n`, the constant part cached per instrument."""

    def __init__(self) -> None:
        self._prefixes: dict[tuple[str, str, Exchange], bytes] = {}

    def frame(self, tick: Tick) -> tuple[bytes, bytes]:
        """The instrument's key and the whole frame.

        Raises:
            TooLarge: beyond `wire.codec.MAX_BYTES`.
            ValueError, TypeError: the tick cannot be encoded.
        """
        payload = _encode(tick)
        name = (tick.gateway, tick.symbol, tick.exchange)
        prefix = self._prefixes.get(name)
        if prefix is None:
            prefix = self._prefix(tick, name)
        size = len(payload)
        if size < 2048:
            return prefix, b"".join((prefix, _LENGTHS[size], payload, b"\r\n"))
        if size > codec.MAX_BYTES:
            raise TooLarge(f"tick of {size} bytes")
        return prefix, b"%b%d\r\n%b\r\n" % (prefix, size, payload)

    def _prefix(self, tick: Tick, name: tuple[str, str, Exchange]) -> bytes:
        if len(self._prefixes) >= _MAX_KNOWN:
            self._prefixes.clear()
        prefix = self._prefixes[name] = f"PUB {subjects.tick(tick.gateway, tick.instrument)} ".encode()
        return prefix
