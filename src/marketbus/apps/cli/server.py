"""The commands of the server side. What they need is imported when they run: a client's install lacks it."""

from typing import Annotated

import typer

from marketbus.apps.cli.options import ConfigFile


def up(
    config: ConfigFile = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="A simulated counter, its gateway and a live board; needs no configuration.")
    ] = False,
    duration: Annotated[
        float | None, typer.Option(min=0.0, metavar="SECONDS", help="Stop by itself after so many seconds.")
    ] = None,
) -> None:
    """Run every configured gateway, and a NATS server when none is configured. Ctrl-C stops; twice kills."""
    from marketbus.apps.cli import up as command

    raise typer.Exit(command.demo(duration) if demo else command.up(config, duration))


def gateway(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A gateway of the configuration.")],
    config: ConfigFile = None,
) -> None:
    """Run one gateway's worker in the foreground, on this machine; it needs a NATS server that runs already."""
    from marketbus.apps.cli import up as command

    raise typer.Exit(command.gateway(name, config))


def check(config: ConfigFile = None) -> None:
    """Look at everything before it is needed: configuration, disk, locale, SDKs, clock, NATS, fronts."""
    from marketbus.apps.cli import check as command

    raise typer.Exit(command.check(config))


def setup() -> None:
    """Build the zh_CN.GB18030 locale and the simulated CTP libraries, where they are missing."""
    from marketbus.apps.cli import setup as command

    raise typer.Exit(command.setup())


def calendar(
    symbol: Annotated[
        str | None, typer.Argument(metavar="[SYMBOL|EXCHANGE]", help="Such as rb2701.SHFE, rb.SHFE or SHFE.")
    ] = None,
    day: Annotated[str | None, typer.Option("--date", help="A day, such as 2026-10-08.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="A time of that day, such as 21:30.")] = None,
    following: Annotated[int, typer.Option("--next", min=0, max=1000, help="List so many trading days after it.")] = 0,
    before: Annotated[
        int, typer.Option("--previous", min=0, max=1000, help="List so many trading days before it.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    config: ConfigFile = None,
) -> None:
    """Show the trading day, and the sessions of a product or an exchange. Works without a bus."""
    from marketbus.apps.cli import calendar as command

    command.calendar(symbol, day, at, following, before, as_json, config)
