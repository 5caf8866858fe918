"""How to reach NATS: the `[nats]` table of the configuration, checked before anything connects."""

import random
import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from marketbus.domain.errors import ConfigError
from marketbus.wire import subjects

CONNECT_TIMEOUT = 2.0
"""Seconds for one server to answer."""
PING_INTERVAL = 5.0
"""Seconds; a server that misses two pings in a row is left for another."""


class NatsOptions(msgspec.Struct, frozen=True):
    """One NATS system and who we are there. Secrets stay out of the repr."""

    url: tuple[str, ...] = ("nats://127.0.0.1:4222",)
    user: str = ""
    password: str = ""
    token: str = ""
    creds: str = ""
    """Path of a .creds file."""
    nkey: str = ""
    """Path of an nkey seed file."""
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    principal: str = ""
    """Name of our user on a bus with permissions; replies to us come below `_INBOX.<principal>`. Else `user`."""
    name: str = ""
    """Shown by the server's monitoring."""

    def __repr__(self) -> str:
        return f"NatsOptions(url={self.servers}, auth={self.auth!r}, name={self.name!r})"

    @property
    def servers(self) -> tuple[str, ...]:
        """The urls without user information, fit for logs."""
        return tuple(without_secret(url) for url in self.url)

    @property
    def auth(self) -> str:
        """Which kind of credentials is used, or an empty text."""
        for kind in ("creds", "nkey", "token", "user"):
            if getattr(self, kind):
                return kind
        return ""


def without_secret(url: str) -> str:
    """`nats://user:secret@host:4222` as `nats://host:4222`."""
    scheme, sep, rest = url.rpartition("://")
    return scheme + sep + rest.rpartition("@")[2]


def connect_arguments(options: NatsOptions) -> dict[str, Any]:
    """The keyword arguments of nats-py's `Client.connect`.

    Raises:
        ConfigError: names the `nats.…` key and what to do.
    """
    for url in options.url:
        _check_url(url)
    if not options.url:
        raise ConfigError("nats.url", "is empty", "give at least one nats://host:port")
    arguments: dict[str, Any] = {
        "servers": list(options.url),
        "name": options.name or None,
        "connect_timeout": CONNECT_TIMEOUT,
        "ping_interval": PING_INTERVAL,
        "max_outstanding_pings": 2,
        # One draw per process is enough to keep a fleet from knocking in step.
        "reconnect_time_wait": random.uniform(0.15, 0.35),  # noqa: S311 (no secret)
    }
    if bool(options.user) != bool(options.password):
        raise ConfigError(
            "nats.password" if options.user else "nats.user", "is missing", "user and password go together"
        )
    if principal := options.principal or options.user:
        arguments["inbox_prefix"] = subjects.inbox(principal)
    if options.user:
        arguments |= {"user": options.user, "password": options.password}
    if options.token:
        arguments["token"] = options.token
    if options.creds:
        arguments["user_credentials"] = str(_file("nats.creds", options.creds))
    if options.nkey:
        arguments["nkeys_seed"] = str(_file("nats.nkey", options.nkey))
    if (options.creds or options.nkey) and find_spec("nkeys") is None:
        raise ConfigError(f"nats.{options.auth}", "needs the nkeys package", "pip install 'marketbus[nkeys]'")
    if (context := _tls(options)) is not None:
        arguments["tls"] = context
    return arguments


def _check_url(url: str) -> None:
    hint = "write it as nats://host:port (or tls://, ws://, wss://)"
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("nats.url", f"{without_secret(url)!r}: {error}", hint) from None
    if parts.scheme not in ("nats", "tls", "ws", "wss") or not host or port == 0:
        raise ConfigError("nats.url", f"{without_secret(url)!r} is not a NATS url", hint)


def _file(key: str, text: str) -> Path:
    path = Path(text).expanduser()
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise ConfigError(key, f"{path}: {error.strerror}", "give the path of a readable file") from None


def _tls(options: NatsOptions) -> ssl.SSLContext | None:
    files: Mapping[str, str] = {key: getattr(options, key) for key in ("tls_ca", "tls_cert", "tls_key")}
    if not any(files.values()):
        return None
    paths = {key: _file(f"nats.{key}", text) for key, text in files.items() if text}
    if "tls_key" in paths and "tls_cert" not in paths:
        raise ConfigError("nats.tls_cert", "is missing", "a key needs its certificate")
    try:
        context = ssl.create_default_context(cafile=paths.get("tls_ca"))
    except ssl.SSLError as error:
        raise ConfigError("nats.tls_ca", f"{paths['tls_ca']}: {error}", "give a PEM file") from None
    if "tls_cert" in paths:
        try:
            context.load_cert_chain(paths["tls_cert"], paths.get("tls_key"))
        except ssl.SSLError as error:
            raise ConfigError("nats.tls_cert", f"{paths['tls_cert']}: {error}", "give a PEM file and its key") from None
    return context
