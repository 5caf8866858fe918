"""The structs and message numbers of the built libraries, as numpy types: what the server packs is what C++ reads."""

import struct as binary
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from marketbus.lab.ctp_family import build
from marketbus.lab.ctp_family.dialect import Dialect

ENCODING = "gb18030"
"""Of every text in CTP."""

Structured = NDArray[np.void]

_KINDS = {"short": "<i2", "int": "<i4", "double": "<f8", "long long": "<i8"}
_CODES = {"short": "h", "int": "i", "double": "d", "long long": "q"}


class _StructFile(msgspec.Struct):
    size: int
    fields: list[tuple[str, str, int, int]]


class _ApiFile(msgspec.Struct):
    requests: dict[str, tuple[int, str]]
    callbacks: dict[str, tuple[int, str]]


class _LayoutFile(msgspec.Struct):
    version: str
    md: _ApiFile
    td: _ApiFile
    structs: dict[str, _StructFile]


class Messages:
    """The numbered messages of one API, "md" or "td"."""

    def __init__(self, file: _ApiFile) -> None:
        self._callbacks = file.callbacks
        self._requests = {number: (name, struct) for name, (number, struct) in file.requests.items()}

    def callback(self, name: str) -> tuple[int, str]:
        """(number, struct name) of an SPI method."""
        return self._callbacks[name]

    def has_callback(self, name: str) -> bool:
        """Whether the SPI has that method."""
        return name in self._callbacks

    def request(self, number: int) -> tuple[str, str] | None:
        """(method name, struct name) of a request that came in."""
        return self._requests.get(number)


class _Record:
    """One struct between its bytes and plain values: as numpy would, an order of magnitude sooner."""

    def __init__(self, file: _StructFile) -> None:
        self.size = file.size
        self.fields: dict[str, tuple[binary.Struct | None, int, int]] = {}
        """Name → number's form (None: text), offset, bytes."""
        whole, end = "=", 0
        for name, kind, offset, count in file.fields:
            number = None if kind == "char" else binary.Struct("=" + _CODES[kind])
            size = max(count, 1) if number is None else number.size
            whole += f"{offset - end}x" + (f"{size}s" if number is None else _CODES[kind])
            end = offset + size
            self.fields[name] = (number, offset, size)
        self.whole = binary.Struct(f"{whole}{file.size - end}x")


class Layout:
    """Every struct a message uses."""

    def __init__(self, path: Path) -> None:
        file = msgspec.json.decode(path.read_bytes(), type=_LayoutFile)
        self._files = file.structs
        self._types: dict[str, np.dtype[np.void]] = {}
        self._records: dict[str, _Record] = {}
        self.messages = {"md": Messages(file.md), "td": Messages(file.td)}

    @classmethod
    def load(cls, dialect: Dialect) -> "Layout":
        """That of the built libraries; raises LibraryMissing."""
        return cls(build.library_dir(dialect) / build.LAYOUTS)

    def dtype(self, struct: str) -> np.dtype[np.void]:
        """The struct as a numpy type of the same size and offsets."""
        if struct not in self._types:
            file = self._files[struct]
            self._types[struct] = np.dtype(
                {
                    "names": [name for name, *_ in file.fields],
                    "formats": [
                        f"S{max(count, 1)}" if kind == "char" else _KINDS[kind] for _, kind, _, count in file.fields
                    ],
                    "offsets": [offset for *_, offset, _ in file.fields],
                    "itemsize": file.size,
                }
            )
        return self._types[struct]

    def pack(self, struct: str, **values: Any) -> bytes:
        """One struct as bytes; text is encoded and cut so that its NUL fits, everything else is zero."""
        return self.amend(struct, bytes(self._record(struct).size), values)

    def amend(self, struct: str, data: bytes, values: dict[str, Any]) -> bytes:
        """The same struct with other values of those fields."""
        record = self._record(struct)
        amended = bytearray(data)
        for name, value in values.items():
            number, offset, size = record.fields[name]
            if number is not None:
                number.pack_into(amended, offset, value)
            else:
                text = cut(value, max(size - 1, 1))  # a single char keeps its one byte
                amended[offset : offset + size] = text.ljust(size, b"\0")
        return bytes(amended)

    def fitting(self, struct: str, values: dict[str, Any]) -> dict[str, Any]:
        """Those of `values` that the struct has a field for."""
        known = self._record(struct).fields
        return {name: value for name, value in values.items() if name in known}

    def unpack(self, struct: str, data: bytes) -> dict[str, Any]:
        """Field name → str, int or float; text up to the first NUL, undecodable bytes replaced."""
        record = self._record(struct)
        values = record.whole.unpack(data[: record.size].ljust(record.size, b"\0"))
        return {name: _plain(value) for name, value in zip(record.fields, values, strict=True)}

    def _record(self, struct: str) -> _Record:
        if struct not in self._records:
            self._records[struct] = _Record(self._files[struct])
        return self._records[struct]


def cut(text: str, size: int) -> bytes:
    """`text` in CTP's encoding, at most `size` bytes, never ending in half a character."""
    if text.isascii():
        return text[:size].encode()
    data = text.encode(ENCODING, "replace")[:size]
    return data.decode(ENCODING, "ignore").encode(ENCODING)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.split(b"\0", 1)[0].decode(ENCODING, "replace")
    return value
