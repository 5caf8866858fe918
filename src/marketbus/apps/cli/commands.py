"""The command line: every command, and the version."""

from importlib.metadata import version
from typing import Annotated

import typer

from marketbus.apps.cli import desk, history, holdings, lab, order, pins, ready, reconnect, server, watch

app = typer.Typer(
    name="marketbus",
    help="Market data and trading bus: many brokers' gateways in, one vocabulary on NATS out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"marketbus {version('marketbus')}")
        raise typer.Exit


@app.callback()
def _options(  # pyright: ignore[reportUnusedFunction]
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("up")(server.up)
app.command("gateway")(server.gateway)
app.command("tap")(watch.tap)
app.command("contracts")(watch.contracts)
app.command("history")(history.history)
app.command("status")(watch.status)
app.command("ready")(ready.ready)
app.command("pin")(pins.pin)
app.command("unpin")(pins.unpin)
app.command("reconnect")(reconnect.reconnect)
app.add_typer(order.app, name="order")
app.command("positions")(holdings.positions)
app.command("account")(holdings.account)
app.command("kill")(desk.kill)
app.command("release")(desk.release)
app.command("settlement")(desk.settlement)
app.command("calendar")(server.calendar)
app.command("audit")(server.audit)
app.command("check")(server.check)
app.command("health")(server.health)
app.add_typer(server.alerts, name="alerts")
app.command("permits")(server.permits)
app.command("setup")(server.setup)
app.add_typer(desk.risk, name="risk")
app.add_typer(lab.app, name="lab")
