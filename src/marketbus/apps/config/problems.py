"""What is wrong with a configuration: all of it at once, one line each, each naming its key."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from marketbus.apps import plugins
from marketbus.apps.config.model import Alerts, AlertTarget, Calendar, Document, Gateway, Http, Log, Nats
from marketbus.domain.errors import ConfigError


class InvalidConfig(ConfigError):
    """One or more problems; `str` gives a line for each."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        super().__init__(problems[0].key, problems[0].message.removeprefix(f"{problems[0].key}: "), problems[0].hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(" ".join(str(problem).split()) for problem in self.problems)


def problems_of(error: ValidationError) -> list[ConfigError]:
    """Every finding of the model, in our words; input values are left out, they may be secrets."""
    found = error.errors(include_url=False, include_input=False)
    return [_problem(each["loc"], each["type"], each["msg"], each.get("ctx", {})) for each in found]


def _problem(loc: tuple[int | str, ...], kind: str, words: str, facts: dict[str, Any]) -> ConfigError:
    key = key_path(loc)
    match kind:
        case "extra_forbidden":
            return ConfigError(key, f"unknown key{plugins.nearest(str(loc[-1]), _keys_at(loc[:-1]))}")
        case "missing":
            return ConfigError(key, "is missing")
        case "literal_error":
            return ConfigError(key, f"must be {facts.get('expected', '')}")
        case "value_error":
            return ConfigError(key, str(facts.get("error", words)))
        case _:
            return ConfigError(key, words[:1].lower() + words[1:])


def key_path(loc: Sequence[int | str]) -> str:
    """`gateway.ctp-main.subscribe[1]`."""
    path = ""
    for part in loc:
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) else f"{'.' if path else ''}{part}"
    return path or "configuration"


def _keys_at(loc: Sequence[int | str]) -> list[str]:
    match loc:
        case ("nats",):
            fields = Nats.model_fields
        case ("log",):
            fields = Log.model_fields
        case ("http",):
            fields = Http.model_fields
        case ("alerts",):
            fields = Alerts.model_fields
        case ("alerts", "to", _):
            fields = AlertTarget.model_fields
        case ("calendar",):
            fields = Calendar.model_fields
        case ("gateway", _):
            fields = Gateway.model_fields
        case _:
            fields = Document.model_fields
    return [field.alias or name for name, field in fields.items()]
