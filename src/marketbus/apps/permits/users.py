"""`users.toml`: who is on the bus, and as what."""

import re
import tomllib
from pathlib import Path

import msgspec

from marketbus.domain.errors import ConfigError
from marketbus.wire.permits import Role

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_PUBLIC = re.compile(r"U[A-Z2-7]{55}")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[user.NAME]`"""

    role: Role | list[Role]
    gateways: list[str] = []
    """Of a gateway: which ones it is. Of a trader or an operator: which ones it deals with; none given is all."""
    accounts: list[str] = []
    """Aliases of the accounts that a trader or an operator deals with; none given is all."""
    ipc: bool = False
    nkey: str = ""
    """Public key of a seed that the user keeps; without it a seed is made here."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """At least one."""
        given = (self.role,) if isinstance(self.role, Role) else tuple(self.role)
        return tuple(dict.fromkeys(given))


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[tls]`: makes an authority and a certificate of the server."""

    hosts: list[str]
    """Names and addresses that clients use for the servers."""


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    user: dict[str, Entry]
    url: list[str] = msgspec.field(default_factory=lambda: ["tls://127.0.0.1:4222"])
    """Where clients find the servers."""
    tls: Tls | None = None


def read(path: Path) -> Document:
    """The file, checked.

    Raises:
        ConfigError: names the key and what to do.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(str(path), error.strerror or str(error), "docs/security.md shows one") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"is not TOML: {error}") from None
    try:
        document = msgspec.convert(raw, Document)
    except msgspec.ValidationError as error:
        words, _, where = str(error).partition(" - at `$")
        roles = f"; roles: {', '.join(Role)}" if "enum" in words else ""
        raise ConfigError(f"{path.name}{where.rstrip('`')}", words, f"see docs/security.md{roles}") from None
    if not document.user:
        raise ConfigError(f"{path.name}.user", "there is none", 'such as [user.li] with role = "trader"')
    if document.tls is not None and not document.tls.hosts:
        raise ConfigError(f"{path.name}.tls.hosts", "is empty", "give the names and addresses that clients use")
    for name, entry in document.user.items():
        _check(name, entry)
    return document


def _check(name: str, entry: Entry) -> None:
    key = f"user.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(key, "is not a name of a user", "letters, digits, _ and -, at most 32")
    if not entry.roles:
        raise ConfigError(f"{key}.role", "is empty", f"one or more of {', '.join(Role)}")
    for field, names in (("gateways", entry.gateways), ("accounts", entry.accounts)):
        for each in names:
            if not _NAME.fullmatch(each):
                raise ConfigError(f"{key}.{field}", f"{each!r} is no name", "letters, digits, _ and -, at most 32")
    if Role.GATEWAY in entry.roles and not entry.gateways:
        raise ConfigError(f"{key}.gateways", "is missing", "a user of role gateway is these gateways and no other")
    if Role.GATEWAY in entry.roles and len(entry.roles) > 1:
        raise ConfigError(f"{key}.role", "mixes gateway with others", "give the worker a user of its own")
    if entry.roles == (Role.CONSUMER,) and (entry.gateways or entry.accounts):
        raise ConfigError(key, "is a consumer: market data is not divided by gateways or accounts", "leave them out")
    if entry.nkey and not _PUBLIC.fullmatch(entry.nkey):
        hint = "it begins with U; a seed (S...) stays with its user"
        raise ConfigError(f"{key}.nkey", "is no public key of a user", hint)
