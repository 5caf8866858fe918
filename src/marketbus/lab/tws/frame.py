"""Frames of the TWS socket: a big-endian length, then fields that each end in NUL.

Source: TWS API reference, "EReader", and `comm.py` of ibapi 10.50.
"""

import struct
from decimal import Decimal

LENGTH = struct.Struct(">I")
LIMIT = 1 << 20

UNSET = "1.7976931348623157E308"
"""How TWS writes a double that has no value."""
_UNSET_NUMBERS = frozenset({"", "2147483647", "9223372036854775807"})
_PLACES = 10
"""An average does not end; more digits than these mean nothing."""
_UNSET_FROM = Decimal("1.79e308")

Field = str | int | Decimal | None
"""None is an empty field; True and False are 1 and 0."""


class BadFrame(Exception):
    """What came in cannot be read; the text says where."""


def write(field: Field) -> str:
    """A field as TWS writes it: decimals without exponent or trailing zeros."""
    if field is None:
        return ""
    if isinstance(field, Decimal):
        return number(field)
    return str(int(field)) if isinstance(field, bool) else str(field)


def number(value: Decimal) -> str:
    """A decimal in plain digits."""
    text = f"{round(value, _PLACES):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def encode(*fields: Field) -> bytes:
    """One frame."""
    return pack("\0".join([write(field) for field in fields]) + "\0")


def pack(body: str) -> bytes:
    """A frame of fields that already stand in one text, each with its NUL."""
    # Beyond ASCII TWS escapes, as ENCODE_MSG_ASCII7 (153) says.
    data = body.encode("ascii", "backslashreplace")
    return LENGTH.pack(len(data)) + data


def split(buffer: bytearray) -> list[bytes]:
    """Takes every whole frame off the front of `buffer`; raises BadFrame."""
    bodies: list[bytes] = []
    at = 0
    while len(buffer) - at >= LENGTH.size:
        (size,) = LENGTH.unpack_from(buffer, at)
        if size > LIMIT:
            raise BadFrame(f"a frame of {size} bytes")
        end = at + LENGTH.size + size
        if len(buffer) < end:
            break
        bodies.append(bytes(buffer[at + LENGTH.size : end]))
        at = end
    del buffer[:at]
    return bodies


class Fields:
    """Reads a request field by field; every method raises BadFrame when there is none left or it is no such thing."""

    def __init__(self, body: bytes) -> None:
        self._fields = body.decode("utf-8", "backslashreplace").split("\0")
        if self._fields.pop():
            raise BadFrame("the last field does not end")
        self._at = 0

    @property
    def left(self) -> int:
        """Fields not read."""
        return len(self._fields) - self._at

    def text(self) -> str:
        """The next field as it is."""
        if not self.left:
            raise BadFrame(f"ends after {self._at} fields")
        self._at += 1
        return self._fields[self._at - 1]

    def texts(self, count: int) -> list[str]:
        """The next `count` fields."""
        return [self.text() for _ in range(count)]

    def integer(self) -> int:
        """A whole number; 0 when it has no value."""
        text = self.text()
        if text in _UNSET_NUMBERS:
            return 0
        try:
            return int(float(text)) if "." in text else int(text)
        except ValueError:
            raise BadFrame(f"field {self._at} is no whole number: {text!r}") from None

    def flag(self) -> bool:
        """1 or 0."""
        return self.integer() != 0

    def decimal(self) -> Decimal | None:
        """A number; None when it has no value."""
        text = self.text()
        if text in _UNSET_NUMBERS:
            return None
        try:
            value = Decimal(text)
        except ArithmeticError:
            raise BadFrame(f"field {self._at} is no number: {text!r}") from None
        return None if not value.is_finite() or abs(value) >= _UNSET_FROM else value

    def end(self) -> None:
        """Raises BadFrame when fields are left."""
        if self.left:
            raise BadFrame(f"{self.left} fields too many after {self._at}")
