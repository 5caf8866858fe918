"""`marketbus history`: bars and ticks of the past, as a table, JSON or CSV."""

import csv
import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

import marketbus
from marketbus.apps.cli.options import Json, OnlyGateway, Url
from marketbus.apps.cli.run import run
from marketbus.apps.cli.watch import NAME
from marketbus.domain.bar import Bar, Interval
from marketbus.domain.errors import BadRequest
from marketbus.domain.history import TickKind
from marketbus.domain.tick import Tick
from marketbus.wire.codec import to_object

_BAR = ("trading_day", "open_price", "high_price", "low_price", "close_price", "volume", "turnover", "open_interest")
_TRADE = ("trading_day", "last_price", "last_volume")
_QUOTE = ("trading_day", "bid_price_1", "bid_volume_1", "ask_price_1", "ask_volume_1")
_INTERVALS = ", ".join(each for each in Interval if each is not Interval.UNKNOWN)


def history(
    symbol: Annotated[str, typer.Argument(help="Such as AAPL-USD-STK.SMART.")],
    start: Annotated[str, typer.Option(help="Such as 2026-11-19 or 2026-11-19T21:00; Shanghai, if no zone is given.")],
    interval: Annotated[str, typer.Option("--interval", "-i", help=f"One of {_INTERVALS}.")] = "1m",
    end: Annotated[str | None, typer.Option(help="The same; what begins then is left out. Else now.")] = None,
    quotes: Annotated[bool, typer.Option("--quotes", help="With --interval tick: quotes instead of trades.")] = False,
    url: Url = None,
    gateway: OnlyGateway = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma separated, with a line of names.")] = False,
) -> None:
    """Show bars or ticks of the past, of gateways that have them. A long history waits for the venue."""
    if as_json and as_csv:
        raise BadRequest("--json and --csv exclude each other")
    kind = TickKind.QUOTES if quotes else TickKind.TRADES
    found = run(_ask(symbol, interval, start, end, kind, url, gateway))
    columns = _BAR if interval != Interval.TICK else _QUOTE if quotes else _TRADE
    if as_json:
        _write([msgspec.json.encode(to_object(each)).decode() for each in found])
    elif as_csv:
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(("datetime", *columns))
        table.writerows((each.time.isoformat(), *(getattr(each, name) for name in columns)) for each in found)
    else:
        _write([_line(each, columns) for each in found])
    if not found:
        sys.stderr.write("marketbus: nothing in that span\n")


async def _ask(
    symbol: str, interval: str, start: str, end: str | None, kind: TickKind, url: str | None, gateway: str | None
) -> Sequence[Bar] | Sequence[Tick]:
    async with marketbus.connect(url, name=NAME) as bus:
        if interval == Interval.TICK:
            return await bus.query_ticks(symbol, start, end, kind=kind, gateway=gateway, on_wait=_waits)
        return await bus.query_history(symbol, interval, start, end, gateway=gateway, on_wait=_waits)


def _waits(seconds: float) -> None:
    sys.stderr.write(f"marketbus: the venue wants a pause of {seconds:.0f} s\n")


def _line(item: Bar | Tick, columns: Sequence[str]) -> str:
    return f"{item.time:%Y-%m-%d %H:%M:%S}  " + " ".join(f"{getattr(item, name):>12.10g}" for name in columns[1:])


def _write(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{each}\n" for each in lines))
    sys.stdout.flush()
