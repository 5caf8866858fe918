"""The environment's part of the configuration: `MARKETBUS__NATS__URL`, `MARKETBUS__GATEWAY__CTP_MAIN__TRADING`."""

import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic_settings import EnvSettingsSource

from marketbus.apps.config.model import Document
from marketbus.domain.errors import ConfigError

PREFIX = "MARKETBUS__"


class Environment(EnvSettingsSource):
    """Reads a given environment instead of the process's."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._given = env
        super().__init__(Document)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._given.items()}


def overrides(env: Mapping[str, str], file: Mapping[str, Any]) -> dict[str, Any]:
    """What the environment says, under the keys that the file uses.

    Names of variables know neither case nor `-`, so a gateway and its settings are matched to the file's spelling.
    """
    said: dict[str, Any] = Environment(env)()
    gateways: dict[str, Any] = said.get("gateway", {})
    if gateways:
        said["gateway"] = _respelled(gateways, file.get("gateway", {}))
    return said


def _respelled(gateways: dict[str, Any], in_file: Mapping[str, Any]) -> dict[str, Any]:
    names = {_plain(name): name for name in in_file}
    result: dict[str, Any] = {}
    for said, values in gateways.items():
        name = said if said in in_file else names.get(_plain(said), said)
        if isinstance(values, dict):
            section = cast("dict[str, Any]", values)
            if isinstance(setting := section.get("setting"), dict):
                known: Any = in_file.get(name, {})
                section["setting"] = _settings(cast("dict[str, Any]", setting), known.get("setting", {}))
            values = section
        result[name] = values
    return result


def _settings(said: dict[str, Any], in_file: Mapping[str, Any]) -> dict[str, Any]:
    keys = {key.lower(): key for key in in_file}
    return {keys.get(key, key): _decoded(value) for key, value in said.items()}


def _decoded(value: Any) -> Any:
    """Lists and references (`{"env": "X"}`) are written as JSON."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def unknown_variables(env: Mapping[str, str]) -> list[ConfigError]:
    """Variables with our prefix that name no section."""
    sections = set(Document.model_fields)
    return [
        ConfigError(name, "names no section", f"sections: {', '.join(sorted(sections)).upper()}")
        for name in sorted(env)
        if name.upper().startswith(PREFIX) and name[len(PREFIX) :].split("__")[0].lower() not in sections
    ]
