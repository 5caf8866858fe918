"""`marketbus ready`: is every gateway ready for its session? Exit code 0 when they are."""

import sys
from typing import Annotated

import msgspec
import typer

import marketbus
from marketbus.apps.cli.options import Json, Url
from marketbus.apps.cli.run import run
from marketbus.apps.exit_codes import ExitCode
from marketbus.apps.logs import language
from marketbus.domain.message import Lang, say
from marketbus.domain.readiness import Difference, Readiness
from marketbus.domain.status import GatewayStatus
from marketbus.domain.times import to_datetime

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[GATEWAY]...", help="Gateways that must be there; else all live ones.")
]


class Line(msgspec.Struct):
    """The report on one gateway, as `--json` prints it."""

    gateway: str
    ready: bool
    opens: str | None
    """Asia/Shanghai, in the market's time."""
    acknowledged: int
    requested: int
    contracts: int
    simulated: bool
    differs: list[str]


def ready(names: Names = None, url: Url = None, as_json: Json = False) -> None:
    """Say whether every gateway is ready for its session, and what differs where one is not."""
    lang = language()
    found = run(_gateways(url))
    lines = [_line(status, lang) for status in found if not names or status.gateway in names]
    live = {line.gateway for line in lines}
    missing = names or ([] if lines else ["-"])
    for name in missing:
        if name not in live:
            gone = say("ready.not_live", lang, {})
            lines.append(Line(name, False, None, 0, 0, 0, False, [gone]))
    for line in lines:
        sys.stdout.write(f"{msgspec.json.encode(line).decode()}\n" if as_json else _text(line, lang))
    if not all(line.ready for line in lines):
        raise typer.Exit(ExitCode.FAILURE)


async def _gateways(url: str | None) -> list[GatewayStatus]:
    async with marketbus.connect(url, name="marketbus-cli") as bus:
        return await bus.gateways()


def _line(status: GatewayStatus, lang: Lang) -> Line:
    report = status.readiness or Readiness(False, None, (Difference("ready.unknown"),))
    return Line(
        status.gateway,
        report.ready,
        None if report.opens is None else f"{to_datetime(report.opens):%Y-%m-%d %H:%M}",
        status.acknowledged,
        status.requested,
        status.contracts,
        status.simulated,
        [say(each.code, lang, each.fields) for each in report.differs],
    )


def _text(line: Line, lang: Lang) -> str:
    fields = {
        "gateway": line.gateway,
        "acknowledged": line.acknowledged,
        "requested": line.requested,
        "contracts": line.contracts,
        "opens": line.opens or "-",
    }
    head = say("ready.line" if line.ready else "ready.not_line", lang, fields)
    label = " · SIMULATED" if line.simulated else ""
    return f"{head}{label}\n" + "".join(f"  - {each}\n" for each in line.differs)
