"""The command line: every command, and the version."""

from importlib.metadata import version
from typing import Annotated

import typer

from marketbus.apps.cli import check, lab, pins, setup, up, watch

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


app.command("up")(up.up)
app.command("gateway")(up.gateway)
app.command("tap")(watch.tap)
app.command("contracts")(watch.contracts)
app.command("status")(watch.status)
app.command("pin")(pins.pin)
app.command("unpin")(pins.unpin)
app.command("check")(check.check)
app.command("setup")(setup.setup)
app.add_typer(lab.app, name="lab")
