"""`marketbus tap`, `contracts`, `status`: what is on the bus, through the public client."""

import sys
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import msgspec
import typer
from rich.console import Console

import marketbus
from marketbus.apps.board.live import line, show
from marketbus.apps.board.status import status_text
from marketbus.apps.board.table import Board
from marketbus.apps.cli.options import Json, OnlyGateway, Patterns, Url
from marketbus.apps.cli.run import run
from marketbus.domain.contract import Contract
from marketbus.domain.errors import BusUnavailable, UnknownInstrument
from marketbus.domain.tick import Tick
from marketbus.wire.codec import Payload, to_object

NAME = "marketbus-cli"


def tap(
    patterns: Patterns = None,
    url: Url = None,
    gateway: OnlyGateway = None,
    as_json: Json = False,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many ticks.")] = None,
) -> None:
    """Show ticks: a live table on a terminal, one line per tick elsewhere. Leases what it shows while it runs."""
    run(_tap(patterns or ["*"], url, gateway, as_json, count))


def contracts(patterns: Patterns = None, url: Url = None, gateway: OnlyGateway = None, as_json: Json = False) -> None:
    """List contracts."""
    found = run(_contracts(patterns or ["*"], url, gateway))
    if not found:
        raise UnknownInstrument(" ".join(patterns or ["*"]))
    _write([_json(contract) if as_json else _contract_line(contract) for contract in found])


def status(url: Url = None, as_json: Json = False) -> None:
    """Show the live gateways."""
    found = run(_gateways(url))
    if not found:
        raise BusUnavailable("no live gateway on the bus", "start one: `marketbus up`")
    if as_json:
        _write([_json(one) for one in found])
        return
    for one in found:
        Console().print(status_text(one), soft_wrap=True, highlight=False)


async def _tap(patterns: Sequence[str], url: str | None, gateway: str | None, as_json: bool, count: int | None) -> None:
    async with marketbus.connect(url, name=NAME) as bus:
        screen = sys.stdout.isatty() and not as_json
        async with bus.ticks(*patterns, gateway=gateway, conflate=screen and count is None) as ticks:
            if screen:
                await show(_first(ticks, count), Board(" ".join(patterns)), Console())
                return
            left = count
            while left is None or left > 0:
                batch = (await ticks.batch())[:left]
                if not batch:
                    return
                _write([_json(tick) if as_json else line(tick) for tick in batch])
                left = None if left is None else left - len(batch)


async def _first(ticks: AsyncIterator[Tick], count: int | None) -> AsyncIterator[Tick]:
    shown = 0
    async for tick in ticks:
        yield tick
        shown += 1
        if shown == count:
            return


async def _contracts(patterns: Sequence[str], url: str | None, gateway: str | None) -> list[Contract]:
    async with marketbus.connect(url, name=NAME) as bus:
        return list(await bus.contracts(*patterns, gateway=gateway))


async def _gateways(url: str | None) -> list[marketbus.GatewayStatus]:
    async with marketbus.connect(url, name=NAME) as bus:
        return await bus.gateways()


def _contract_line(contract: Contract) -> str:
    expires = contract.expire_date or "-"
    facts = f"{contract.product:<8} {contract.size:>8g} {contract.pricetick:>8g} {expires!s:>8}"
    return f"{contract.vt_symbol:<28} {facts}  {contract.gateway}  {contract.name}"


def _json(payload: Payload) -> str:
    return msgspec.json.encode(to_object(payload)).decode()


def _write(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{each}\n" for each in lines))
    sys.stdout.flush()
