"""Where the bus is and who we are there."""

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from marketbus.domain.errors import ConfigError

DEFAULT_URL = "nats://127.0.0.1:4222"
URL_VARIABLE = "MARKETBUS_URL"
PREFERRED_VARIABLE = "MARKETBUS_PREFERRED"
PRINCIPAL_VARIABLE = "MARKETBUS_PRINCIPAL"
NKEY_VARIABLE = "MARKETBUS_NKEY"
TLS_CA_VARIABLE = "MARKETBUS_TLS_CA"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to reach NATS. Secrets never show in `repr`."""

    urls: tuple[str, ...] = field(repr=False)
    name: str
    principal: str
    preferred: tuple[str, ...] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    creds: str | Path | None = None
    nkey: str | Path | None = None
    tls: ssl.SSLContext | None = None
    tls_hostname: str | None = None
    connect_timeout: float = 3.0
    request_timeout: float = 5.0

    @property
    def where(self) -> str:
        """The urls without credentials, to show."""
        return ", ".join(_public(url) for url in self.urls)


def urls_of(url: str | Sequence[str] | None) -> tuple[str, ...]:
    """The servers to try: the argument, else MARKETBUS_URL (comma separated), else loopback.

    Raises:
        ConfigError: nothing that could be a NATS url.
    """
    given = url if url is not None else os.environ.get(URL_VARIABLE, "").strip() or DEFAULT_URL
    texts = given.split(",") if isinstance(given, str) else list(given)
    urls = tuple(text.strip() for text in texts if text.strip())
    if not urls:
        raise ConfigError("url", "no NATS url given", f"such as {DEFAULT_URL}")
    for text in urls:
        _check(text)
    return urls


def preferred_of(preferred: str | Sequence[str] | None) -> tuple[str, ...]:
    """Gateways, best first: the argument, else MARKETBUS_PREFERRED (comma separated), else none."""
    given = preferred if preferred is not None else os.environ.get(PREFERRED_VARIABLE, "")
    names = given.split(",") if isinstance(given, str) else given
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def nkey_of(nkey: str | Path | None) -> str | Path | None:
    """The file of an NKEY seed: the argument, else MARKETBUS_NKEY, else none.

    Raises:
        ConfigError: it cannot be read, or the `nkeys` package is missing.
    """
    given = nkey or os.environ.get(NKEY_VARIABLE, "").strip()
    if not given:
        return None
    if find_spec("nkeys") is None:
        raise ConfigError("nkey", "needs the nkeys package", "pip install 'marketbus[nkeys]'")
    return _readable("nkey", given)


def tls_of(tls_ca: str | Path | None) -> ssl.SSLContext | None:
    """TLS that trusts one certificate authority: the argument, else MARKETBUS_TLS_CA, else none.

    Raises:
        ConfigError: no readable PEM file.
    """
    given = tls_ca or os.environ.get(TLS_CA_VARIABLE, "").strip()
    if not given:
        return None
    file = _readable("tls_ca", given)
    try:
        return ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        raise ConfigError("tls_ca", f"{file}: {error}", "give a PEM file") from None


def _readable(key: str, given: str | Path) -> Path:
    path = Path(given).expanduser()
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise ConfigError(key, f"{path}: {error.strerror}", "give the path of a readable file") from None


def _check(url: str) -> None:
    full = url if "://" in url else f"nats://{url}"
    try:
        parts = urlsplit(full)
        good = parts.scheme in ("nats", "tls", "ws", "wss") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise ConfigError("url", f"{_public(url)!r} is not a NATS url", f"such as {DEFAULT_URL}")


def _public(url: str) -> str:
    if "@" not in url:
        return url
    full = url if "://" in url else f"nats://{url}"
    parts = urlsplit(full)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
