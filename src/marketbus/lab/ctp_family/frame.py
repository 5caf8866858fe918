"""The lab's frames: a 16-byte header, then RspInfo and the message's struct when the flags say so, padded to 8 bytes.

Host byte order: both ends run on one machine, as native/front.hpp says.
"""

import struct
from dataclasses import dataclass

from marketbus.lab.ctp_family.layout import cut

LAST, INFO, DATA = 1, 2, 4
CLOCK, CRASH, HANG = 1, 2, 3
"""The lab's own messages; CTP's begin at 16."""

HEADER = struct.Struct("=IHHiI")
INFO_BYTES = 88
LIMIT = 1 << 20

_INFO = struct.Struct("=i81s3x")
_CLOCK = struct.Struct("=qqd")


@dataclass(frozen=True, slots=True)
class Frame:
    """One request as it came in."""

    message: int
    request: int
    data: bytes


class BadFrame(Exception):
    """What came in is not a frame of ours."""


def encode(message: int, request: int, data: bytes | None, error: tuple[int, str] | None, *, last: bool) -> bytes:
    """A frame with an optional struct and an optional RspInfo (ErrorID, text)."""
    flags = (LAST if last else 0) | (INFO if error is not None else 0) | (DATA if data is not None else 0)
    payload = (_INFO.pack(error[0], cut(error[1], 80)).ljust(INFO_BYTES, b"\0") if error is not None else b"") + (
        data or b""
    )
    return HEADER.pack(len(payload), message, flags, request, 0) + payload + bytes(-len(payload) % 8)


def encode_clock(real_ns: int, market_ns: int, rate: float) -> bytes:
    """Says what time the market has."""
    return encode(CLOCK, 0, _CLOCK.pack(real_ns, market_ns, rate), None, last=True)


def split(buffer: bytearray) -> list[Frame]:
    """Takes every whole frame off the front of `buffer`; raises BadFrame."""
    frames: list[Frame] = []
    at = 0
    while len(buffer) - at >= HEADER.size:
        size, message, _, request, _ = HEADER.unpack_from(buffer, at)
        if size > LIMIT:
            raise BadFrame(f"a frame of {size} bytes")
        end = at + HEADER.size + size
        if len(buffer) < end + -size % 8:
            break
        frames.append(Frame(message, request, bytes(buffer[at + HEADER.size : end])))
        at = end + -size % 8
    del buffer[:at]
    return frames
