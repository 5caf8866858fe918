"""The structs and message numbers of the built libraries, as numpy types: what the server packs is what C++ reads."""

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


class Layout:
    """Every struct a message uses."""

    def __init__(self, path: Path) -> None:
        file = msgspec.json.decode(path.read_bytes(), type=_LayoutFile)
        self._files = file.structs
        self._types: dict[str, np.dtype[np.void]] = {}
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
        record = np.zeros(1, self.dtype(struct))
        for name, value in values.items():
            record[name] = self.text(struct, name, value) if isinstance(value, str) else value
        return record.tobytes()

    def fitting(self, struct: str, values: dict[str, Any]) -> dict[str, Any]:
        """Those of `values` that the struct has a field for."""
        known = self.dtype(struct).names or ()
        return {name: value for name, value in values.items() if name in known}

    def text(self, struct: str, field: str, value: str) -> bytes:
        """The bytes of a text field, cut at its size (a single char keeps its one byte)."""
        size = self.dtype(struct)[field].itemsize
        return cut(value, max(size - 1, 1))

    def unpack(self, struct: str, data: bytes) -> dict[str, Any]:
        """Field name → str, int or float; text up to the first NUL, undecodable bytes replaced."""
        dtype = self.dtype(struct)
        record = np.frombuffer(data[: dtype.itemsize].ljust(dtype.itemsize, b"\0"), dtype)[0]
        return {name: _plain(record[name].item()) for name in dtype.names or ()}


def cut(text: str, size: int) -> bytes:
    """`text` in CTP's encoding, at most `size` bytes, never ending in half a character."""
    data = text.encode(ENCODING, "replace")[:size]
    return data.decode(ENCODING, "ignore").encode(ENCODING)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.split(b"\0", 1)[0].decode(ENCODING, "replace")
    return value
