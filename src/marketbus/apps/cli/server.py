"""The commands of the server side. What they need is imported when they run: a client's install lacks it."""

from pathlib import Path
from typing import Annotated

import typer

from marketbus.apps.cli.options import ConfigFile, Json, OnlyGateway


def up(
    config: ConfigFile = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="A simulated counter, its gateway and a live board; needs no configuration.")
    ] = False,
    demo_ib: Annotated[
        bool, typer.Option("--demo-ib", help="The same, and a simulated TWS with its gateway on the same board.")
    ] = False,
    duration: Annotated[
        float | None, typer.Option(min=0.0, metavar="SECONDS", help="Stop by itself after so many seconds.")
    ] = None,
) -> None:
    """Run every configured gateway, and a NATS server when none is configured. Ctrl-C stops; twice kills."""
    from marketbus.apps.cli import up as command

    raise typer.Exit(command.demo(duration, ib=demo_ib) if demo or demo_ib else command.up(config, duration))


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


def health(
    at: Annotated[
        str | None, typer.Option("--at", metavar="HOST:PORT", help="Where the supervisor listens; else [http] listen.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the supervisor of this machine whether every gateway is ready. Exit code 0 when they are, or rest."""
    from marketbus.apps.cli import health as command

    raise typer.Exit(command.health(at, as_json=as_json))


alerts = typer.Typer(no_args_is_help=True, help="Notifications: who is told of what happens, see docs/alerts.md.")


@alerts.command("test")
def alerts_test(config: ConfigFile = None) -> None:
    """Send one message to every target of [alerts], and say what became of it. Exit code 0 when all took it."""
    from marketbus.apps.cli import alerts as command

    raise typer.Exit(command.test(config))


def setup() -> None:
    """Build the zh_CN.GB18030 locale and the simulated CTP libraries, where they are missing."""
    from marketbus.apps.cli import setup as command

    raise typer.Exit(command.setup())


def permits(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="Users and their roles.")] = Path("users.toml"),
    rotate: Annotated[
        list[str] | None, typer.Option("--rotate", metavar="USER", help="Give this user another key; may be repeated.")
    ] = None,
) -> None:
    """Write nats-server's users and permissions, keys and certificates beside a list of users. Works without a bus."""
    from marketbus.apps.cli import permits as command

    command.permits(file, rotate or [])


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


def audit(
    order: Annotated[str | None, typer.Option(metavar="ID", help="Of one order: its client_order_id.")] = None,
    account: Annotated[str | None, typer.Option("--account", "-a", help="Only this account.")] = None,
    gateway: OnlyGateway = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="From a time on, such as '2026-11-23 21:00' or 21:00 of today.")
    ] = None,
    as_json: Json = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the hash chain; exit code 1 and the first broken entry if it broke.")
    ] = False,
    export: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Orders and cancels of a trading day, by account, exchange and contract."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="With --export: write them there.")] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of this file, such as a copy, instead of the worker's.")
    ] = None,
) -> None:
    """Show the order journals on this machine. Works beside a worker and without one; nothing is changed."""
    from marketbus.apps.cli import audit as command

    raise typer.Exit(command.audit(command.Asked(order, account, gateway, since, as_json, verify, export, csv, file)))
