"""Secrets: literals that never print, and references that are read when they are needed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec
from pydantic import SecretStr

from marketbus.domain.errors import ConfigError


class EnvRef(msgspec.Struct, frozen=True):
    """`{ env = "CTP_PASSWORD" }`"""

    env: str


class FileRef(msgspec.Struct, frozen=True):
    """`{ file = "/run/secrets/ctp" }`; relative to the configuration file."""

    file: str


class Revealed(dict[str, Any]):
    """A gateway's settings in the clear, which no log line or traceback shows."""

    def __repr__(self) -> str:
        return f"<{len(self)} settings: {', '.join(self)}>"


class Vault:
    """Where the references lead."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._env = env

    def reveal(self, value: Any, key: str) -> Any:
        """A concealed value in the clear; containers are walked.

        Raises:
            ConfigError: a variable or file that is not there; `key` names the place.
        """
        match value:
            case SecretStr():
                return value.get_secret_value()
            case EnvRef(env=name):
                if not (text := self._env.get(name)):
                    raise ConfigError(key, f"the environment variable {name} is not set")
                return text
            case FileRef(file=name):
                return self._read(name, key)
            case dict():
                table = cast("dict[str, Any]", value)
                return {name: self.reveal(item, f"{key}.{name}") for name, item in table.items()}
            case list():
                return [self.reveal(item, f"{key}[{i}]") for i, item in enumerate(cast("list[Any]", value))]
            case _:
                return value

    def _read(self, name: str, key: str) -> str:
        path = self._folder / Path(name).expanduser()
        try:
            text = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise ConfigError(key, f"cannot read {path}: {reason}") from None
        if not text:
            raise ConfigError(key, f"{path} is empty")
        return text


def conceal(value: Any) -> Any:
    """A value as it was written, every text hidden: no literal can print, whatever its key is called."""
    match value:
        case str():
            return SecretStr(value)
        case dict():
            return _conceal_table(cast("dict[str, Any]", value))
        case list():
            return [conceal(item) for item in cast("list[Any]", value)]
        case _:
            return value


def _conceal_table(table: dict[str, Any]) -> Any:
    match list(table.items()):
        case [("env", str(name))]:
            return EnvRef(name)
        case [("file", str(name))]:
            return FileRef(name)
        case items:
            return {name: conceal(item) for name, item in items}
