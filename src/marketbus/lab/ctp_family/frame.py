"""The lab's frames: a 16-byte header, then RspInfo and the message's struct when the flags say so, padded to 8 bytes.

Host byte order: both ends run on one machine, as native/front.hpp says.
"""

import struct
from dataclasses import dataclass

from marketbus.lab.ctp_family.layout import cut

LAST, INFO, DATA = 1, 2, 4
CLOCK, CRASH, HANG, TOPIC = 1, 2, 3, 4
"""The lab's own messages; CTP's begin at 16."""

HEADER = struct.Struct("=IHHiI")
INFO_BYTES = 88
LIMIT = 1 << 20

_INFO = struct.Struct("=i81s3x")
_CLOCK = struct.Struct("=qqd")
_TOPIC = struct.Struct("=iI8s")


@dataclass(frozen=True, slots=True)
class Frame:
    """One request as it came in."""

    message: int
    request: int
    data: bytes
    sequence: int = 0
    """Its place in the trading day's private flow, from 1; 0: not of it."""
    last: bool = True
    """Of an answer in several frames."""


@dataclass(frozen=True, slots=True)
class Topic:
    """How a library subscribed the private flow (THOST_TE_RESUME_TYPE), and what it received on which day."""

    resume: int
    sequence: int
    trading_day: str


class BadFrame(Exception):
    """What came in is not a frame of ours."""


def encode(
    message: int,
    request: int,
    data: bytes | None,
    error: tuple[int, str] | None,
    *,
    last: bool,
    sequence: int = 0,
) -> bytes:
    """A frame with an optional struct and an optional RspInfo (ErrorID, text)."""
    flags = (LAST if last else 0) | (INFO if error is not None else 0) | (DATA if data is not None else 0)
    payload = (_INFO.pack(error[0], cut(error[1], 80)).ljust(INFO_BYTES, b"\0") if error is not None else b"") + (
        data or b""
    )
    return HEADER.pack(len(payload), message, flags, request, sequence) + payload + bytes(-len(payload) % 8)


def encode_clock(real_ns: int, market_ns: int, rate: float) -> bytes:
    """Says what time the market has."""
    return encode(CLOCK, 0, _CLOCK.pack(real_ns, market_ns, rate), None, last=True)


def decode_topic(data: bytes) -> Topic:
    """What a TOPIC frame carries; raises BadFrame."""
    if len(data) != _TOPIC.size:
        raise BadFrame(f"a topic of {len(data)} bytes")
    resume, sequence, day = _TOPIC.unpack(data)
    return Topic(resume, sequence, day.rstrip(b"\0").decode("ascii", "replace"))


def encode_topic(topic: Topic) -> bytes:
    """What a library sends when it connects."""
    data = _TOPIC.pack(topic.resume, topic.sequence, topic.trading_day.encode())
    return encode(TOPIC, 0, data, None, last=True)


def split(buffer: bytearray) -> list[Frame]:
    """Takes every whole frame off the front of `buffer`; raises BadFrame."""
    frames: list[Frame] = []
    at = 0
    while len(buffer) - at >= HEADER.size:
        size, message, flags, request, sequence = HEADER.unpack_from(buffer, at)
        if size > LIMIT:
            raise BadFrame(f"a frame of {size} bytes")
        end = at + HEADER.size + size
        if len(buffer) < end + -size % 8:
            break
        data = bytes(buffer[at + HEADER.size : end])
        frames.append(Frame(message, request, data, sequence, bool(flags & LAST)))
        at = end + -size % 8
    del buffer[:at]
    return frames
