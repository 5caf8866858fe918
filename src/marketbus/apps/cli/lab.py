"""`marketbus lab`: simulated counters."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer

from marketbus.apps.cli.run import run
from marketbus.domain.errors import MarketBusError

app = typer.Typer(help="Simulated counters, on the venue's real protocol.", no_args_is_help=True)

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]


@app.callback()
def _group() -> None:  # pyright: ignore[reportUnusedFunction]
    pass


def counter(
    context: typer.Context,
    rate: Annotated[float, typer.Option(min=0, help="Ticks a second over all subscribed instruments.")] = 200.0,
    instruments: Annotated[int, typer.Option(min=1, help="Contracts listed.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same market.")] = 1,
    start: Annotated[
        datetime | None, typer.Option(help="Market time (Shanghai); default 09:30 of the latest trading day.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0, help="Market seconds a second.")] = 1.0,
    closed_hours: Annotated[
        bool,
        typer.Option("--closed-hours", help="Live through breaks, nights and holidays instead of jumping over them."),
    ] = False,
    counter_day: Annotated[
        bool,
        typer.Option(
            "--counter-day", help="Take logins in the counter's hours only, re-list every evening; with --closed-hours."
        ),
    ] = False,
    money: Annotated[float, typer.Option(help="What each account begins with, yuan.")] = 1_000_000.0,
    md_port: Port = 0,
    td_port: Port = 0,
    control_port: Port = 0,
    md_fronts: Annotated[int, typer.Option(min=1, max=9, help="Market data fronts: md, md2, md3 ...")] = 1,
) -> None:
    """Run the simulated counter of the command's name."""
    from marketbus.lab import kinds
    from marketbus.lab.ctp_family import LabOptions, serve
    from marketbus.lab.errors import LabError

    try:
        options = LabOptions(
            rate=rate, instruments=instruments, seed=seed, start=start, speed=speed,
            closed_hours=closed_hours, counter_day=counter_day, money=money,
            md_port=md_port, td_port=td_port, control_port=control_port, md_fronts=md_fronts,
        )  # fmt: skip
        run(serve(kinds.counter(str(context.info_name)), options))
    except LabError as error:
        raise MarketBusError(" ".join(str(error).split())) from None
    except OSError as error:
        raise MarketBusError(f"the simulated counter cannot listen: {error.strerror or error}") from None


@app.command(
    help="Run a simulated TWS (Interactive Brokers), until Ctrl-C; its first line on stdout says where it listens, as "
    "JSON: tws and control, both host:port."
)
def tws(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The API socket's; 0 takes a free one.")] = 0,
    control_port: Port = 0,
    rate: Annotated[float, typer.Option(min=0, help="Ticks a second over all subscribed contracts.")] = 200.0,
    seed: Annotated[int, typer.Option(help="Same seed, same market.")] = 1,
    start: Annotated[
        datetime | None, typer.Option(help="Market time (New York); default 09:30 of the latest weekday.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0, help="Market seconds a second.")] = 1.0,
    version: Annotated[int, typer.Option(help="The newest server version offered, 157 to 200.")] = 200,
    accounts: Annotated[str, typer.Option(help="Account numbers, with commas.")] = "DU1234567",
    money: Annotated[float, typer.Option(help="What each account begins with, USD.")] = 1_000_000.0,
    pace: Annotated[int, typer.Option(min=0, help="Messages a client may send in a second; 0: any number.")] = 50,
) -> None:
    """See the help of the command."""
    from marketbus.lab.errors import LabError
    from marketbus.lab.tws import TwsOptions, serve

    try:
        options = TwsOptions(
            port=port, control_port=control_port, rate=rate, seed=seed, start=start, speed=speed, version=version,
            accounts=tuple(accounts.split(",")), money=Decimal(str(money)), pace=pace,
        )  # fmt: skip
        run(serve(options))
    except LabError as error:
        raise MarketBusError(" ".join(str(error).split())) from None


for name, what in (
    ("ctp", "CTP counter: futures and their options"),
    ("sopt", "SOPT counter: options on funds, SSE and SZSE"),
):
    app.command(
        name,
        help=f"Run a simulated {what}, until Ctrl-C; its first line on stdout says where it listens, as JSON.",
    )(counter)
