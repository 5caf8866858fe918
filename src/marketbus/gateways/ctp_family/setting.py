"""The settings of a line: vnpy's own keys, checked before anything native sees them.

The SDK copies strings without bounds (vnpy_ctp's getString is a strcpy), so an over-long credential would crash it;
the lengths are those of ThostFtdcUserApiDataType.h.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any

import msgspec

from marketbus.domain.errors import ConfigError
from marketbus.gateways.ctp_family.dialect import Dialect

KEYS = {
    # vnpy's key: (our English alias, longest value in bytes)
    "用户名": ("user_id", 15),
    "密码": ("password", 40),
    "经纪商代码": ("broker_id", 10),
    "交易服务器": ("td_front", 0),
    "行情服务器": ("md_front", 0),
    "产品名称": ("app_id", 32),
    "授权编码": ("auth_code", 16),
}
"""What every member takes."""
ENVIRONMENT = "柜台环境"
_ENVIRONMENTS = {"实盘": True, "production": True, "测试": False, "test": False}


class Front(msgspec.Struct, frozen=True):
    """One front's address."""

    address: str
    """As the SDK takes it: `tcp://host:port`."""
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether it can only be on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


class Setting(msgspec.Struct, frozen=True):
    """A checked setting."""

    user_id: str
    password: str
    broker_id: str
    td_fronts: tuple[Front, ...]
    """Empty: market data only."""
    md_fronts: tuple[Front, ...]
    app_id: str
    auth_code: str
    production: bool

    def __repr__(self) -> str:
        return f"Setting(user_id={self.user_id!r}, md_fronts={[front.address for front in self.md_fronts]})"


def keys(dialect: Dialect) -> dict[str, tuple[str, int]]:
    """Every key of one member, as KEYS."""
    return KEYS | ({ENVIRONMENT: ("environment", 0)} if dialect.environments else {})


def parse(dialect: Dialect, name: str, setting: Mapping[str, Any]) -> Setting:
    """Check a gateway's `setting`.

    Raises:
        ConfigError: names the first wrong key and what to do.
    """
    where = f"gateway.{name}.setting"
    known_keys = keys(dialect)
    aliases = {alias: key for key, (alias, _) in known_keys.items()}
    given: dict[str, Any] = {}
    for key, value in setting.items():
        known = key if key in known_keys else aliases.get(key)
        if known is None:
            near = get_close_matches(key, [*known_keys, *aliases], n=1)
            raise ConfigError(
                f"{where}.{key}",
                "unknown key",
                f"did you mean {near[0]}?" if near else f"known: {', '.join(known_keys)}",
            )
        given[known] = value
    text = {key: _text(f"{where}.{key}", given.get(key, ""), limit) for key, (_, limit) in KEYS.items() if limit}
    md_fronts = _fronts(f"{where}.行情服务器", given.get("行情服务器"))
    if not md_fronts:
        raise ConfigError(f"{where}.行情服务器", "missing", 'the market data front, such as "180.168.146.187:10211"')
    td_fronts = _fronts(f"{where}.交易服务器", given.get("交易服务器"))
    if td_fronts:
        for key in ("用户名", "密码", "经纪商代码"):
            if not text[key]:
                raise ConfigError(f"{where}.{key}", "missing", "the trading front needs it")
    environment = given.get(ENVIRONMENT, "实盘") or "实盘"
    if not isinstance(environment, str) or environment not in _ENVIRONMENTS:
        raise ConfigError(f"{where}.{ENVIRONMENT}", f"{environment!r} is not known", "实盘 or 测试")
    return Setting(
        user_id=text["用户名"],
        password=text["密码"],
        broker_id=text["经纪商代码"],
        td_fronts=td_fronts,
        md_fronts=md_fronts,
        app_id=text["产品名称"],
        auth_code=text["授权编码"],
        production=_ENVIRONMENTS[environment],
    )


def _text(key: str, value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise ConfigError(key, f"must be text, not {type(value).__name__}", "put it in quotes")
    value = value.strip()
    try:
        size = len(value.encode("gb18030"))
    except UnicodeEncodeError:
        size = limit + 1
    if size > limit:
        raise ConfigError(
            key, f"{size} bytes long, the counter takes at most {limit}", "copy it again from your broker"
        )
    if not value.isprintable():
        raise ConfigError(key, "holds unprintable characters", "copy it again from your broker")
    return value


def _fronts(key: str, value: object) -> tuple[Front, ...]:
    if value is None or value == "":
        return ()
    texts: list[object] = list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownArgumentType]
    return tuple(_front(key, text) for text in texts)


def _front(key: str, text: object) -> Front:
    hint = 'write "host:port" or "tcp://host:port"'
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or len(text) > 200:
        raise ConfigError(key, f"{text!r} is not an address", hint)
    scheme, found, rest = text.strip().rpartition("://")
    host, colon, port = rest.rpartition(":")
    if found and not (scheme in ("tcp", "ssl") or scheme.startswith("socks")):
        raise ConfigError(key, f"{scheme}:// is not known to CTP", hint)
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ConfigError(key, f"{text!r} is not an address", hint)
    return Front(f"{scheme or 'tcp'}://{rest}", host.strip("[]").rpartition("@")[2], int(port))
