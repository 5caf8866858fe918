"""The settings of a line: where TWS listens, and as whom. vnpy_ib's keys are taken too."""

from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any

import msgspec

from marketbus.domain.errors import ConfigError, SymbolError
from marketbus.domain.instrument import Instrument, Pattern

ALIASES = {"TWS地址": "host", "TWS端口": "port", "客户号": "client_id", "交易账户": "account"}
"""vnpy_ib's keys."""
KEYS = ("host", "port", "client_id", "account", "depth", "tick_by_tick", "delayed")
PORTS = "IB Gateway 4002 paper, 4001 live; TWS 7497 paper, 7496 live"


class Setting(msgspec.Struct, frozen=True):
    """A checked setting."""

    host: str
    port: int
    client_id: int
    account: str = ""
    """Empty: the only one that TWS is logged in with."""
    depth: tuple[str, ...] = ()
    """Patterns of what has five levels; each takes one of the few depth lines of an account."""
    tick_by_tick: tuple[str, ...] = ()
    """Patterns of what has every trade and quote; each takes one of the few tick-by-tick lines."""
    delayed: bool = True
    """Delayed data where there is no permission for live data."""

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it can only be on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    def takes(self, patterns: tuple[str, ...], instrument: Instrument) -> bool:
        """Whether one of `depth` or `tick_by_tick` takes the instrument."""
        return any(Pattern(text).matches(instrument) for text in patterns)


def parse(name: str, setting: Mapping[str, Any]) -> Setting:
    """Check a gateway's `setting`.

    Raises:
        ConfigError: names the first wrong key and what to do.
    """
    where = f"gateway.{name}.setting"
    given: dict[str, Any] = {}
    for key, value in setting.items():
        known = ALIASES.get(key, key)
        if known not in KEYS:
            near = get_close_matches(key, [*KEYS, *ALIASES], n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(KEYS)}"
            raise ConfigError(f"{where}.{key}", "unknown key", hint)
        given[known] = value
    if "port" not in given:
        raise ConfigError(f"{where}.port", "missing", PORTS)
    return Setting(
        host=_text(f"{where}.host", given.get("host", "127.0.0.1")) or "127.0.0.1",
        port=_number(f"{where}.port", given["port"], 1, 65_535, PORTS),
        client_id=_number(f"{where}.client_id", given.get("client_id", 1), 0, 2**31 - 1, "each program its own"),
        account=_text(f"{where}.account", given.get("account", "")),
        depth=_patterns(f"{where}.depth", given.get("depth", ())),
        tick_by_tick=_patterns(f"{where}.tick_by_tick", given.get("tick_by_tick", ())),
        delayed=_flag(f"{where}.delayed", given.get("delayed", True)),
    )


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > 200 or not value.isascii() or not value.isprintable():
        raise ConfigError(key, "must be text in ASCII", "put it in quotes")
    if " " in value.strip():
        raise ConfigError(key, f"{value!r} holds a blank")
    return value.strip()


def _number(key: str, value: object, low: int, high: int, hint: str) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdigit() or not low <= int(text) <= high:
        raise ConfigError(key, f"{value!r} is not a number from {low} to {high}", hint)
    return int(text)


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(key, f"{value!r} is neither true nor false")
    return value


def _patterns(key: str, value: object) -> tuple[str, ...]:
    texts: list[object] = list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownArgumentType]
    try:
        return tuple(Pattern(str(text)).text for text in texts)
    except SymbolError as error:
        raise ConfigError(key, error.message, error.hint) from None
