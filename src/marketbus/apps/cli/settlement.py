"""`marketbus settlement`: statements as the venue wrote them."""

from datetime import date

import typer

from marketbus.apps.cli.desk_calls import desks
from marketbus.domain.errors import ConfigError
from marketbus.domain.times import yyyymmdd
from marketbus.wire import rpc, td_rpc


async def show(day: str | None, gateway: str | None, url: str | None) -> None:
    """Print one."""
    asked = td_rpc.AskSettlement(_day(day))
    async with desks(url, within=3.0) as live:
        name, account = await live.only(gateway)
        parts = await live.stream(name, "settlement", asked, td_rpc.SettlementPart, account)
    typer.echo("".join(part.text for part in parts).replace("\r\n", "\n"), nl=False)


async def show_days(gateway: str | None, url: str | None) -> None:
    """Print the days that are kept."""
    async with desks(url, within=3.0) as live:
        name, account = await live.only(gateway)
        kept = await live.ask(name, "settlement_days", rpc.Nothing(), td_rpc.SettlementDays, account)
    for day in kept.days:
        typer.echo(str(day))


def _day(text: str | None) -> int:
    if text is None:
        return 0
    try:
        return yyyymmdd(date.fromisoformat(text))  # 2026-11-20 and 20261120
    except ValueError:
        raise ConfigError("DATE", f"{text!r} is not a day, such as 2026-11-20") from None
