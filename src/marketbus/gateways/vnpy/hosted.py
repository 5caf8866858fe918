"""The class that a configuration names, and the settings it is connected with."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, cast

from vnpy.trader.gateway import BaseGateway

from marketbus.domain.errors import ConfigError
from marketbus.ports.gateway import GatewaySpec


def load_class(spec: GatewaySpec) -> type[BaseGateway]:
    """The class a configuration names.

    Raises:
        ConfigError: it cannot be imported, or it is no BaseGateway.
    """
    key = f"gateway.{spec.name}.class"
    module, _, name = spec.class_path.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(key, f"cannot import {spec.class_path}: {error}", _what_to_do(module, error)) from error
    if not (isinstance(found, type) and issubclass(found, BaseGateway)):
        raise ConfigError(key, f"{spec.class_path} is not a vnpy BaseGateway")
    return found


def _what_to_do(module: str, error: Exception) -> str:
    """What helps depends on what is missing: seen with the gateways on PyPI, see docs/gateways.md."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and missing.startswith(f"{module}."):
        return f"this installation of {module} has no extension for this platform and Python"
    if missing:
        return f"pip install {missing}"
    library, found, _ = str(error).partition(": cannot open shared object file")
    if found and "/" in library:
        return "the wheel names the folder it was built in: repair it with patchelf, see docs/gateways.md"
    if found:
        return f"start marketbus with LD_LIBRARY_PATH at the folder of {module} that holds {library}"
    return f"does this version of {module} have it?"


def setting_of(spec: GatewaySpec, base: type[BaseGateway]) -> dict[str, Any]:
    """The configured settings, completed as vnpy's connect dialog does: a gateway reads every key it declares.

    Raises:
        ConfigError: a key that the gateway does not declare, a choice that is none, text for a number or the reverse.
    """
    declared = cast("Mapping[str, Any]", base.default_setting)
    complete: dict[str, Any] = {key: _first(default) for key, default in declared.items()}
    for key, value in spec.setting.items():
        where = f"gateway.{spec.name}.setting.{key}"
        if declared and key not in declared:
            near = get_close_matches(key, declared, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(declared)}"
            raise ConfigError(where, f"{spec.class_path} has no such setting", hint)
        _check(where, value, declared.get(key))
        complete[key] = value
    return complete


def _first(default: object) -> object:
    return cast("list[object]", default)[0] if isinstance(default, list) else default


def _check(where: str, value: object, default: object) -> None:
    if isinstance(default, list):
        choices = cast("list[object]", default)
        if value not in choices:
            raise ConfigError(where, f"{value!r} is not a choice", f"one of {', '.join(map(str, choices))}")
    elif isinstance(default, str) and not isinstance(value, str):
        raise ConfigError(where, f"must be text, not {type(value).__name__}", "put it in quotes")
    elif isinstance(default, int | float) and not isinstance(value, int | float):
        raise ConfigError(where, f"must be a number, not {type(value).__name__}", "write it without quotes")
