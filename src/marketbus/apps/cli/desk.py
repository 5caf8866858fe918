"""The commands on order desks. What they need is imported when they run: a client's install lacks it."""

from typing import Annotated

import typer

from marketbus.apps.cli.options import Json, OnlyGateway, Url
from marketbus.apps.cli.run import run

All = Annotated[bool, typer.Option("--all", help="Every gateway that trades.")]
Local = Annotated[
    bool, typer.Option("--local", help="Not over NATS: over the sockets of this machine's supervisor or workers.")
]


def kill(
    gateway: OnlyGateway = None,
    everything: All = False,
    why: Annotated[str, typer.Option(help="For the journal.")] = "",
    timeout: Annotated[float, typer.Option(min=0.0, help="Seconds to wait for the venue's confirmation.")] = 30.0,
    local: Local = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Stop trading: deny new orders at once, cancel all open ones, wait until the venue has confirmed it.

    Of every gateway, unless one is named. Exit code 0: flat of orders. 1: not yet, or not told; the kill holds.
    """
    from marketbus.apps.cli import kill as command

    _one_or_all(gateway, everything)
    raise typer.Exit(run(command.kill(command.Asked(gateway, url, local, why, timeout, as_json))))


def release(
    gateway: OnlyGateway = None,
    everything: All = False,
    local: Local = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """End the kill of one gateway, or of all: orders are taken again."""
    from marketbus.apps.cli import kill as command

    _one_or_all(gateway, everything)
    if gateway is None and not everything:
        raise typer.BadParameter("name a --gateway, or say --all")
    raise typer.Exit(run(command.release(command.Asked(gateway, url, local, as_json=as_json))))


def settlement(
    day: Annotated[
        str | None, typer.Argument(metavar="[DATE]", help="A trading day, such as 2026-11-20; the last one without.")
    ] = None,
    gateway: OnlyGateway = None,
    listed: Annotated[bool, typer.Option("--list", help="The days that are kept.")] = False,
    url: Url = None,
) -> None:
    """Print an account's settlement statement, as the venue wrote it."""
    from marketbus.apps.cli import settlement as command

    run(command.show_days(gateway, url) if listed else command.show(day, gateway, url))


risk = typer.Typer(help="Limits in force and what of them is used; tighten them.", invoke_without_command=True)


@risk.callback()
def show_risk(context: typer.Context, gateway: OnlyGateway = None, as_json: Json = False, url: Url = None) -> None:
    """Show the limits in force and how much of each is used, per account; `tighten` makes one stricter."""
    from marketbus.apps.cli import risk as command

    if context.invoked_subcommand is None:
        run(command.show(gateway, url, as_json=as_json))


@risk.command("tighten")
def tighten(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A limit, such as max_position.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Stricter than now; for `forbidden` a pattern.")],
    gateway: OnlyGateway = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Make one limit stricter, until the limits in the configuration are changed. Loosening is done there only."""
    from marketbus.apps.cli import risk as command

    run(command.tighten(key, value, gateway, url, as_json=as_json))


def _one_or_all(gateway: str | None, everything: bool) -> None:
    if gateway is not None and everything:
        raise typer.BadParameter("--gateway and --all do not go together")
