"""The kill switch by the local way: what is asked, what is answered, and what waits for a worker that is not there."""

import os
from pathlib import Path
from typing import Literal

import msgspec

KILL_FILE = "kill.json"


class KillAsk(msgspec.Struct, frozen=True):
    """Asked of a supervisor (which gateways; none: all that trade) or of one worker."""

    do: Literal["kill", "release", "killed"]
    principal: str
    why: str = ""
    gateways: tuple[str, ...] = ()


class KillAnswer(msgspec.Struct, frozen=True):
    """Of one gateway."""

    pulled: bool = False
    flat: bool = False
    """The venue has confirmed that no order is open that the kill is about."""
    open: int = 0
    """Orders that the kill is still about."""
    error: str = ""
    """It was not done."""
    waiting: bool = False
    """The worker is not there; it is written down, and the first thing that the worker does."""


class KillAnswers(msgspec.Struct, frozen=True):
    """Of a supervisor, by gateway."""

    gateways: dict[str, KillAnswer] = {}


class WaitingKill:
    """A kill in a gateway's folder, for a worker that could not be told."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / KILL_FILE

    def write(self, asked: KillAsk) -> None:
        """On the disk once this returns.

        Raises:
            OSError: it could not be written.
        """
        beside = self._path.with_name(KILL_FILE + ".new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(asked))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)

    def read(self) -> KillAsk | None:
        """None when there is none; one that cannot be read is a kill all the same."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            return KillAsk("kill", "", f"{KILL_FILE}: {error.strerror}")
        try:
            return msgspec.json.decode(data, type=KillAsk)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return KillAsk("kill", "", f"{KILL_FILE} is damaged")

    def remove(self) -> None:
        """It was taken, or released."""
        self._path.unlink(missing_ok=True)
