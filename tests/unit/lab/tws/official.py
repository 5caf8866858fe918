"""The official client's encoder and decoder, made to tell what they write and whether they read all they are given."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false, reportUntypedBaseClass=false
# pyright: reportUnknownLambdaType=false

from collections.abc import Iterator
from functools import cache
from typing import Any

from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper


class Heard(EWrapper):
    """Keeps every call: (callback, arguments)."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name in EWrapper.__dict__ and not name.startswith("_"):
            return lambda *arguments: object.__getattribute__(self, "calls").append((name, arguments))
        return found


class Written:
    """A connection that keeps what is sent on it."""

    def __init__(self) -> None:
        self.data = b""

    def sendMsg(self, message: bytes) -> int:  # noqa: N802 - the client's name
        self.data += message
        return len(message)

    def isConnected(self) -> bool:  # noqa: N802 - the client's name
        return True


class OfficialClient(EClient):
    """Writes requests as of a server version; `take` is what it has written since."""

    def __init__(self, version: int) -> None:
        self.heard = Heard()
        self.version = version
        super().__init__(self.heard)
        self.serverVersion_ = version
        self.conn = Written()
        self.setConnState(EClient.CONNECTED)

    def take(self) -> bytes:
        data, self.conn.data = self.conn.data, b""
        assert not self.heard.calls, f"the client refuses to send: {self.heard.calls}"
        return data


class _Counted(tuple[bytes, ...]):
    """Fields that know how many of them were read one by one."""

    __slots__ = ()
    read: dict[int, int] = {}  # noqa: RUF012 - by id; a tuple has no place of its own

    def __iter__(self) -> Iterator[bytes]:
        for place in range(len(self)):
            self.read[id(self)] = place + 1
            yield self[place]


@cache
def _decoder(version: int) -> Decoder:
    return Decoder(EWrapper(), version)


def judge(body: bytes, version: int) -> str:
    """Decodes one message; what is wrong with its fields, or nothing."""
    *fields, rest = body.split(b"\0")
    assert rest == b""
    heard = Heard()
    given = _Counted(fields[1:])
    number = int(fields[0])
    try:
        decoder = _decoder(version)
        decoder.wrapper = heard
        decoder.interpret(given, number)
    except (TypeError, ValueError, AttributeError) as error:
        return f"message {number}: {type(error).__name__} {error} after {_Counted.read.get(id(given))} of {len(given)}"
    read = _Counted.read.pop(id(given), None)
    if not heard.calls:
        return f"message {number}: no callback for {len(given)} fields"
    if read is not None and read != len(given):
        return f"message {number}: {read} of {len(given)} fields read"
    if number != 4 and any(name == "error" for name, _ in heard.calls):
        return f"message {number}: {heard.calls}"
    return ""
