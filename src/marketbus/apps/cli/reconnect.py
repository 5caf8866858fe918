"""`marketbus reconnect`: a fresh process for a gateway, which tries again what had been given up."""

from typing import Annotated

import typer

import marketbus
from marketbus.apps.cli.options import Url
from marketbus.apps.cli.principal import principal
from marketbus.apps.cli.run import run


def reconnect(
    gateway: Annotated[str, typer.Argument(metavar="GATEWAY", help="Its name in the configuration.")],
    url: Url = None,
) -> None:
    """Replace a gateway's worker; a login that was refused for good is tried again."""
    run(_reconnect(gateway, url))
    typer.echo(f"{gateway}: reconnecting")


async def _reconnect(gateway: str, url: str | None) -> None:
    async with marketbus.connect(url, principal=principal()) as bus:
        await bus.reconnect(gateway)
