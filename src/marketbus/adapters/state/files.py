"""One folder per gateway: its epoch, its pins, its contracts."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from marketbus.domain.contract import Contract
from marketbus.domain.errors import BadPayload
from marketbus.wire import codec

OnProblem = Callable[[str, str], None]
"""Hears the path of a damaged file and what was done about it."""


class _ContractCache(msgspec.Struct, frozen=True, array_like=True, tag="contracts/1"):
    saved: int
    """ns UTC"""
    contracts: list[bytes]
    """`wire.codec` payloads, so that the cache follows the evolution rules of the wire."""


class FileStateStore:
    """`ports.state.StateStore` on the local disk. A file is replaced whole or not at all."""

    def __init__(self, folder: Path, on_problem: OnProblem) -> None:
        """`folder` is made when missing; it belongs to one gateway name."""
        self._folder = folder
        self._on_problem = on_problem
        folder.mkdir(parents=True, exist_ok=True)

    def next_epoch(self, now: int) -> int:
        """A number above every earlier one, on disk before it is returned; see `ports.state.StateStore`."""
        path = self._folder / "epoch"
        last = 0
        data = _read(path)
        if data is not None:
            if (text := data.strip()).isdigit() and len(text) < 20:
                last = int(text)
            else:
                self._quarantine(path, "the epoch goes on from the clock")
        epoch = max(last + 1, now)
        replace_file(path, b"%d\n" % epoch)
        return epoch

    def load_pins(self) -> Sequence[str]:
        """Patterns pinned at run time; none when the file is damaged, which is reported."""
        path = self._folder / "pins.json"
        data = _read(path)
        if data is None:
            return ()
        try:
            return msgspec.json.decode(data, type=list[str])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._quarantine(path, "run-time pins are lost; pin again")
            return ()

    def save_pins(self, pins: Sequence[str]) -> None:
        """Replace the pins."""
        replace_file(self._folder / "pins.json", msgspec.json.format(msgspec.json.encode(list(pins))))

    def load_contracts(self) -> tuple[int, Sequence[Contract]]:
        """The cached contracts and when (ns UTC) they were saved; (0, ()) when never or damaged."""
        path = self._folder / "contracts.msgpack"
        data = _read(path)
        if data is None:
            return 0, ()
        try:
            cache = msgspec.msgpack.decode(data, type=_ContractCache)
            return cache.saved, [codec.decode(Contract, payload) for payload in cache.contracts]
        except (msgspec.MsgspecError, UnicodeDecodeError, BadPayload):
            self._quarantine(path, "contracts come from the venue again")
            return 0, ()

    def save_contracts(self, contracts: Sequence[Contract], now: int) -> None:
        """Replace the cache."""
        cache = _ContractCache(now, [codec.encode(contract) for contract in contracts])
        replace_file(self._folder / "contracts.msgpack", msgspec.msgpack.encode(cache))

    def _quarantine(self, path: Path, consequence: str) -> None:
        aside = path.with_name(path.name + ".damaged")
        path.replace(aside)
        self._on_problem(str(path), f"damaged, moved to {aside.name}; {consequence}")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def replace_file(path: Path, data: bytes) -> None:
    """Write beside, flush to the disk, rename over: a crash leaves the old file or the new one."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    if os.name == "posix":  # the rename itself is durable once the folder is
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
