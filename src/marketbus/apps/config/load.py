"""Reads the configuration, and hands out what the rest is built from."""

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec
from pydantic import ValidationError

from marketbus.adapters.hours import read_hours
from marketbus.apps import plugins
from marketbus.apps.config.alert_targets import notifiers
from marketbus.apps.config.environment import overrides, unknown_variables
from marketbus.apps.config.model import Alerts, Calendar, Document, Gateway, Http, Log, Nats
from marketbus.apps.config.problems import InvalidConfig, problems_of
from marketbus.apps.config.secret import Revealed, Vault, conceal
from marketbus.domain.errors import ConfigError, MarketBusError
from marketbus.domain.risk.limits import Limits
from marketbus.domain.schedule import Schedule
from marketbus.domain.trading_hours import Hours
from marketbus.ports.gateway import GatewaySpec

REVISION = "revision"
"""A key of `[gateway.NAME.risk]` that limits nothing: changing it ends what was tightened at run time."""


class Config:
    """A configuration that has been checked."""

    def __init__(self, document: Document, path: Path | None, env: Mapping[str, str]) -> None:
        self._document = document
        self.path = path
        """The file, absolute; None when everything came from the environment."""
        self.folder = path.parent if path else Path.cwd()
        """What relative paths in it are relative to."""
        self.vault = Vault(self.folder, env)

    @property
    def nats(self) -> Nats:
        """`[nats]`"""
        return self._document.nats

    @property
    def log(self) -> Log:
        """`[log]`"""
        return self._document.log

    @property
    def http(self) -> Http:
        """`[http]`"""
        return self._document.http

    @property
    def alerts(self) -> Alerts:
        """`[alerts]`"""
        return self._document.alerts

    def alert_urls(self) -> list[str]:
        """Where alerts go, in the clear, in the order of `alerts.to`.

        Raises:
            ConfigError: a secret that is not there, or a gateway that is not configured.
        """
        for place, target in enumerate(self.alerts.to):
            for name in target.gateways:
                if name not in self.gateways:
                    words = f"{name} is not configured{plugins.nearest(name, self.gateways)}"
                    raise ConfigError(f"alerts.to[{place}].gateways", words)
        return [self.vault.reveal(each.url, f"alerts.to[{place}].url") for place, each in enumerate(self.alerts.to)]

    @property
    def calendar(self) -> Calendar:
        """`[calendar]`"""
        return self._document.calendar

    def trading_hours(self) -> tuple[Hours, ...]:
        """The rows of `hours_file`.

        Raises:
            ConfigError: it cannot be read, or is no such table.
        """
        named, key = self.calendar.hours_file, "calendar.hours_file"
        if named is None:
            return ()
        path = self.folder / named.expanduser()
        try:
            return read_hours(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(key, f"cannot read {path}: {error.strerror}") from None
        except ValueError as error:
            raise ConfigError(key, f"{path}: {error}") from None

    @property
    def gateways(self) -> Mapping[str, Gateway]:
        """`[gateway.NAME]` by name."""
        return self._document.gateway

    def gateway(self, name: str) -> Gateway:
        """One gateway's section.

        Raises:
            ConfigError: none of that name.
        """
        if name not in self.gateways:
            hint = f"configured: {', '.join(self.gateways) or 'none'}"
            raise ConfigError(f"gateway.{name}", f"is not configured{plugins.nearest(name, self.gateways)}", hint)
        return self.gateways[name]

    def schedule(self, name: str) -> Schedule:
        """When a gateway logs in afresh: as configured, else as usual for its kind."""
        section = self.gateway(name)
        return section.schedule or plugins.plugin(section.kind).schedule

    def gateway_spec(self, name: str) -> GatewaySpec:
        """What a gateway is built from, its secrets resolved now.

        Raises:
            ConfigError: no such gateway, or a secret or file that is not there.
        """
        section = self.gateway(name)
        key = f"gateway.{name}"
        return GatewaySpec(
            name=name,
            kind=section.kind,
            sdk=section.sdk,
            setting=Revealed(self.vault.reveal(self._setting(section, key), f"{key}.setting")),
            native=section.native,
            trading=section.trading,
            account=section.account,
            class_path=section.class_path,
            connect_timeout=section.connect_timeout,
            call_timeout=section.call_timeout,
            login_timeout=section.login_timeout,
            login_retry=section.login_retry,
        )

    def limits(self, name: str) -> Limits:
        """What the account of a gateway may do.

        Raises:
            ConfigError: names the limit.
        """
        try:
            said = self.gateway(name).risk
            return msgspec.convert({key: value for key, value in said.items() if key != REVISION}, Limits)
        except (msgspec.ValidationError, MarketBusError) as error:
            raise ConfigError(f"gateway.{name}.risk", str(error)) from None

    def limits_section(self, name: str) -> str:
        """What the file says of a gateway's limits, `revision` included, as one text: another text, another intent."""
        return json.dumps(self.gateway(name).risk, ensure_ascii=False, sort_keys=True, default=str)

    def _setting(self, section: Gateway, key: str) -> dict[str, Any]:
        if section.setting_file is None:
            return section.setting
        path = self.folder / section.setting_file.expanduser()
        try:
            content: object = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{key}.setting_file", f"cannot read {path}: {error.strerror}") from None
        except ValueError:
            raise ConfigError(f"{key}.setting_file", f"{path} is not JSON") from None
        if not isinstance(content, dict):
            raise ConfigError(f"{key}.setting_file", f"{path} holds no JSON object")
        return {**conceal(cast("dict[str, Any]", content)), **section.setting}

    def __repr__(self) -> str:
        return f"Config({str(self.path)!r}, gateways={list(self.gateways)})"


def load(
    path: Path | None = None, gateway: str | None = None, env: Mapping[str, str] = os.environ, *, connects: bool = True
) -> Config:
    """Read and check the configuration.

    Args:
        path: the file; see `locate`.
        gateway: look for secrets of this one only, the others live elsewhere.
        env: the environment.
        connects: False looks for no secrets at all: nothing will be connected.

    Raises:
        InvalidConfig: every problem, one line each.
    """
    file = locate(path, env)
    content = _read(file) if file else {}
    problems = unknown_variables(env)
    try:
        document = Document(**_merged(content, overrides(env, content)))
    except ValidationError as error:
        raise InvalidConfig([*problems, *problems_of(error)]) from None
    config = Config(document, file, env)
    _collect(problems, config.trading_hours)
    for name in config.gateways:
        _collect(problems, lambda name=name: config.limits(name))
    if connects:
        _check_connections(config, gateway, problems)
    if problems:
        raise InvalidConfig(problems)
    return config


def _check_connections(config: Config, gateway: str | None, problems: list[ConfigError]) -> None:
    for secret in ("password", "token"):
        _collect(problems, lambda key=secret: config.vault.reveal(getattr(config.nats, key), f"nats.{key}"))
    for key in ("creds", "nkey", "tls_ca", "tls_cert", "tls_key"):
        _collect(problems, lambda key=key: _readable(config, key))
    if gateway is None:
        _collect(problems, lambda: notifiers(config))
    for name in config.gateways if gateway is None else [gateway]:
        _collect(problems, lambda name=name: _validate(config, name))


def locate(path: Path | None, env: Mapping[str, str] = os.environ) -> Path | None:
    """The file to read: the one given, else MARKETBUS_CONFIG, else ./marketbus.toml if it is there.

    Raises:
        ConfigError: a file was named and is not there.
    """
    named = path or (Path(env["MARKETBUS_CONFIG"]) if env.get("MARKETBUS_CONFIG") else None)
    file = (named or Path("marketbus.toml")).expanduser().resolve()
    if file.is_file():
        return file
    if named is not None:
        raise ConfigError(str(file), "no such file")
    return None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(file), f"not TOML: {error}") from None
    except UnicodeDecodeError:
        raise ConfigError(str(file), "not UTF-8") from None
    except OSError as error:
        raise ConfigError(str(file), f"cannot be read: {error.strerror}") from None


def _readable(config: Config, key: str) -> None:
    named: Path | None = getattr(config.nats, key)
    if named is not None and not (path := config.folder / named.expanduser()).is_file():
        raise ConfigError(f"nats.{key}", f"{path} is not a file")


def _validate(config: Config, name: str) -> None:
    try:
        spec = config.gateway_spec(name)
        plugins.plugin(spec.kind).validate(spec)
    except ConfigError as error:
        if error.key.startswith("gateway."):
            raise
        raise ConfigError(
            f"gateway.{name}.{error.key}", error.message.removeprefix(f"{error.key}: "), error.hint
        ) from None


def _collect(problems: list[ConfigError], step: Any) -> None:
    try:
        step()
    except ConfigError as error:
        problems.append(error)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = _merged(cast("dict[str, Any]", below), cast("dict[str, Any]", value)) if both else value
    return result
