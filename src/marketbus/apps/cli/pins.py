"""`marketbus pin` and `unpin`: subscriptions for good."""

from typing import Annotated

import typer

import marketbus
from marketbus.apps.cli.options import OnlyGateway, Url
from marketbus.apps.cli.principal import principal
from marketbus.apps.cli.run import run

Pins = Annotated[list[str], typer.Argument(metavar="PATTERN...", help="Such as rb2701.SHFE or 'rb*.SHFE'.")]


def pin(patterns: Pins, url: Url = None, gateway: OnlyGateway = None) -> None:
    """Subscribe for good: kept on disk by the gateway, whoever listens."""
    _show(run(_pin(patterns, url, gateway)))


def unpin(patterns: Pins, url: Url = None, gateway: OnlyGateway = None) -> None:
    """Take pins back; those of the configuration stay."""
    _show(run(_unpin(patterns, url, gateway)))


async def _pin(patterns: list[str], url: str | None, gateway: str | None) -> dict[str, list[str]]:
    async with marketbus.connect(url, principal=principal()) as bus:
        return await bus.pin(*patterns, gateway=gateway)


async def _unpin(patterns: list[str], url: str | None, gateway: str | None) -> dict[str, list[str]]:
    async with marketbus.connect(url, principal=principal()) as bus:
        return await bus.unpin(*patterns, gateway=gateway)


def _show(pins: dict[str, list[str]]) -> None:
    for gateway, patterns in pins.items():
        typer.echo(f"{gateway}: {' '.join(patterns) or 'no pins'}")
