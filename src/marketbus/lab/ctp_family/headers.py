"""Reads what the stubs and the server need from CTP's C++ headers: struct layouts and the methods of both classes."""

import re
from dataclasses import dataclass
from pathlib import Path

from marketbus.lab.errors import LabError

_SIZES = {"char": 1, "short": 2, "int": 4, "double": 8, "long long": 8}
_TYPEDEF = re.compile(r"^\s*typedef\s+(char|short|int|double|long long)\s+(\w+)\s*(?:\[(\d+)\])?\s*;", re.MULTILINE)
_STRUCT = re.compile(r"^\s*struct\s+(\w+)\s*\{(.*?)\}\s*;", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+)\s+(\w+)\s*;", re.MULTILINE)
_CLASS = re.compile(r"^\s*class\s+(?:\w+_EXPORT\s+)?(\w+)\s*\{(.*?)^\};", re.MULTILINE | re.DOTALL)
_METHOD = re.compile(r"\bvirtual\s+([\w\s]+?[\s*]+)(\w+)\s*\(([^)]*)\)\s*(=\s*0\s*|\{\s*\})\s*;")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class HeaderError(LabError):
    """The headers are not what this version was written for."""


@dataclass(frozen=True, slots=True)
class Field:
    """One member: `kind` is a key of _SIZES; `count` > 0 only for char arrays (bytes); `offset` in bytes."""

    name: str
    kind: str
    count: int
    offset: int


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct as the compiler lays it out; `size` in bytes."""

    name: str
    size: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A virtual method; `arguments` are (type, name) with pointers and brackets kept in the type."""

    name: str
    returns: str
    arguments: tuple[tuple[str, str], ...]

    @property
    def struct(self) -> str:
        """The message's struct, or "" for a method that carries none."""
        kind = self.arguments[0][0] if self.arguments else ""
        return kind[:-1] if kind.endswith("Field*") and kind != "CThostFtdcRspInfoField*" else ""


def read(path: Path) -> str:
    """The header's text without comments."""
    # Comments hold Chinese in whatever encoding the release used; what is parsed is ASCII.
    return _COMMENT.sub("", path.read_text("utf-8", "replace")).replace("\r", "")


def typedefs(text: str) -> dict[str, tuple[str, int]]:
    """Type name → (a key of _SIZES, array length or 0)."""
    return {name: (kind, int(count or 0)) for kind, name, count in _TYPEDEF.findall(text)}


def structs(text: str, types: dict[str, tuple[str, int]]) -> dict[str, Struct]:
    """Every struct with natural alignment (the x86-64 System V rule; the build asserts it with the compiler)."""
    return {name: _lay_out(name, body, types) for name, body in _STRUCT.findall(text)}


def _lay_out(name: str, body: str, types: dict[str, tuple[str, int]]) -> Struct:
    fields: list[Field] = []
    offset, widest = 0, 1
    for type_name, field in _FIELD.findall(body):
        if type_name not in types:
            raise HeaderError(f"{name}.{field}: unknown type {type_name}")
        kind, count = types[type_name]
        width = _SIZES[kind]
        offset += -offset % width
        fields.append(Field(field, kind, count, offset))
        offset += width * max(count, 1)
        widest = max(widest, width)
    return Struct(name, offset + -offset % widest, tuple(fields))


def methods(text: str, class_name: str) -> list[Method]:
    """The virtual methods of a class, in order."""
    for name, body in _CLASS.findall(text):
        if name == class_name:
            return [
                Method(method, returns.replace(" ", "").replace("const", "const "), _arguments(arguments))
                for returns, method, arguments, _ in _METHOD.findall(body)
            ]
    raise HeaderError(f"class {class_name} is not in the headers")


def _arguments(text: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = re.fullmatch(r"([\w\s]+?)\s*(\*?)\s*(\w+)(\[\])?", part)
        if match is None:
            raise HeaderError(f"cannot read the argument {part!r}")
        kind, star, name, brackets = match.groups()
        found.append((kind.strip() + star + (brackets or ""), name))
    return tuple(found)
