"""`[nats]` as the bus adapters take it."""

from pathlib import Path

from marketbus.adapters.nats.options import NatsOptions
from marketbus.apps.config import Config


def nats_options(config: Config, name: str, embedded: str | None = None) -> NatsOptions:
    """Secrets resolved now, paths absolute. `embedded`: url of the server we started, when none is configured.

    Raises:
        ConfigError: a secret that is not there.
    """
    nats = config.nats

    def path(given: Path | None) -> str:
        return "" if given is None else str(config.folder / given.expanduser())

    return NatsOptions(
        url=tuple(nats.url) or ((embedded,) if embedded else NatsOptions().url),
        user=nats.user or "",
        password=config.vault.reveal(nats.password, "nats.password") or "",
        token=config.vault.reveal(nats.token, "nats.token") or "",
        creds=path(nats.creds),
        nkey=path(nats.nkey),
        tls_ca=path(nats.tls_ca),
        tls_cert=path(nats.tls_cert),
        tls_key=path(nats.tls_key),
        principal=nats.principal or "",
        name=name,
    )
