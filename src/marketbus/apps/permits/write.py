"""Everything that `marketbus permits` writes beside `users.toml`."""

import shlex
from collections.abc import Collection, Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from marketbus.adapters.nats.permits import User, users_conf
from marketbus.apps.permits import files
from marketbus.apps.permits.users import Document, Entry, read
from marketbus.domain.errors import ConfigError
from marketbus.wire.permits import Role

KEYS, TLS, CONF = "keys", "tls", "users.conf"


def write(file: Path, rotate: Collection[str], now: datetime) -> Iterator[str]:
    """Write keys, certificates and `users.conf`; says what is new. `rotate`: users who get another key.

    Raises:
        ConfigError: the file is wrong, or a package is missing.
    """
    document = read(file)
    for name in rotate:
        if name not in document.user:
            raise ConfigError(f"user.{name}", f"is not in {file.name}", f"there are {', '.join(document.user)}")
        if document.user[name].nkey:
            raise ConfigError(f"user.{name}", "keeps its seed itself", "put its new public key into nkey")
    _needs("nkeys", "user")
    from marketbus.apps.permits.keys import public_key

    folder = file.resolve().parent
    if document.tls is not None:
        yield from _certificates(folder / TLS, document.tls.hosts, now)
    keys = folder / KEYS
    keys.mkdir(exist_ok=True, mode=0o700)
    users: list[User] = []
    for name, entry in document.user.items():
        nkey = entry.nkey
        if not nkey:
            seed = keys / f"{name}.nk"
            if name in rotate or not seed.exists():
                yield f"{seed}: new key of {name}"
            nkey = public_key(seed, new=name in rotate)
        users.append(_user(name, entry, nkey))
        if Role.GATEWAY not in entry.roles:
            files.write(keys / f"{name}.env", _environment(document, name, entry, folder).encode())
    if len({user.nkey for user in users}) < len(users):
        raise ConfigError("user", "two users have the same key", "give each a key of its own")
    files.write(folder / CONF, (_HEAD + users_conf(users)).encode(), mode=0o644)
    yield f"{folder / CONF}: {len(users)} users; nats-server --signal reload takes it over"
    for stranger in sorted(keys.glob("*.nk")):
        if stranger.stem not in document.user:
            yield f"{stranger}: its user is gone; delete it"


_HEAD = "# Made by `marketbus permits` from users.toml: change that, not this. It holds public keys only.\n"


def _certificates(folder: Path, hosts: list[str], now: datetime) -> Iterator[str]:
    _needs("cryptography", "tls")
    from marketbus.apps.permits import certificates

    if certificates.ensure(folder, hosts, now):
        yield f"{folder / 'server.pem'}: new certificate for {', '.join(hosts)}"


def _needs(package: str, key: str) -> None:
    if find_spec(package) is None:
        raise ConfigError(key, f"needs the {package} package", "pip install 'marketbus[permits]'")


def _user(name: str, entry: Entry, nkey: str) -> User:
    every = ("*",)
    gateways, accounts = tuple(entry.gateways) or every, tuple(entry.accounts) or every
    return User(name, nkey, entry.roles, gateways, accounts, entry.ipc)


def _environment(document: Document, name: str, entry: Entry, folder: Path) -> str:
    """What the user's programs find the bus by; to be sourced by a shell or read by systemd."""
    lines = {"MARKETBUS_URL": ",".join(document.url), "MARKETBUS_PRINCIPAL": name}
    if not entry.nkey:
        lines["MARKETBUS_NKEY"] = str(folder / KEYS / f"{name}.nk")
    if document.tls is not None:
        lines["MARKETBUS_TLS_CA"] = str(folder / TLS / "ca.pem")
    return "".join(f"{key}={shlex.quote(value)}\n" for key, value in lines.items())
