"""`[nats]` as the arguments of `nats.connect`."""

import re
import ssl
from typing import Any

from marketbus.apps.config import Config
from marketbus.domain.errors import ConfigError


def nats_options(config: Config) -> dict[str, Any]:
    """Servers, identity and TLS, secrets resolved now; never log it.

    Raises:
        ConfigError: a secret or a TLS file that is not there.
    """
    nats = config.nats
    options: dict[str, Any] = {"servers": list(nats.url)}
    if nats.user is not None:
        options |= {"user": nats.user, "password": config.vault.reveal(nats.password, "nats.password")}
    if nats.token is not None:
        options["token"] = config.vault.reveal(nats.token, "nats.token")
    if nats.creds is not None:
        options["user_credentials"] = str(config.folder / nats.creds.expanduser())
    if nats.nkey is not None:
        options["nkeys_seed"] = str(config.folder / nats.nkey.expanduser())
    if (context := tls_context(config)) is not None:
        options["tls"] = context
    return options


def tls_context(config: Config) -> ssl.SSLContext | None:
    """The TLS that `[nats]` asks for, or None.

    Raises:
        ConfigError: a file that cannot be used.
    """
    nats = config.nats
    secure = any(url.startswith(("tls://", "wss://")) for url in nats.url)
    if not secure and nats.tls_ca is None and nats.tls_cert is None:
        return None
    key = "nats.tls_ca"
    try:
        context = ssl.create_default_context(cafile=config.folder / nats.tls_ca.expanduser() if nats.tls_ca else None)
        if nats.tls_cert is not None:
            key = "nats.tls_cert"
            private = config.folder / nats.tls_key.expanduser() if nats.tls_key else None
            context.load_cert_chain(config.folder / nats.tls_cert.expanduser(), private)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(key, f"cannot be used: {error.strerror or error}") from None
    return context


def shown(url: str) -> str:
    """A url without the credentials that may stand in it."""
    return re.sub(r"//[^/@]*@", "//", url)
