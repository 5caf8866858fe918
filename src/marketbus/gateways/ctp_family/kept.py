"""A small fact that outlives the process: one JSON file in the gateway's own folder, replaced whole or not at all."""

from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

import msgspec

from marketbus.domain.status import Level
from marketbus.ports.gateway import GatewaySink, Logged

T = TypeVar("T")


class Kept(Generic[T]):
    """May be used from any thread. What cannot be read counts as not there; what cannot be written is reported."""

    def __init__(self, path: Path, kind: type[T], sink: GatewaySink) -> None:
        self._path = path
        self._kind = kind
        self._sink = sink
        self._lock = Lock()

    def read(self) -> T | None:
        """What was written last."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=self._kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._report(error)
            return None

    def write(self, value: T) -> None:
        """Remember, for the owner's eyes only."""
        beside = self._path.with_name(self._path.name + ".new")
        with self._lock:
            try:
                beside.touch(mode=0o600)
                beside.write_bytes(msgspec.json.encode(value))
                beside.replace(self._path)
            except OSError as error:
                self._report(error)

    def forget(self) -> None:
        """As if nothing had been written."""
        with self._lock:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                self._report(error)

    def _report(self, error: Exception) -> None:
        fields = {"path": str(self._path), "detail": f"{type(error).__name__}: {error}"}
        self._sink.event(Logged(Level.ERROR, "gateway.not_kept", {**fields}))
