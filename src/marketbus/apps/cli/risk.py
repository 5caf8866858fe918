"""`marketbus risk` and `risk tighten`: limits in force, what of them is used, and stricter ones."""

from collections.abc import Iterator
from typing import Any, cast

import msgspec
import typer

from marketbus.apps.cli.desk_calls import desks
from marketbus.domain.errors import ConfigError
from marketbus.domain.risk.limits import Limits, Tightening
from marketbus.domain.risk.report import RiskReport
from marketbus.wire import rpc, td_rpc


async def show(gateway: str | None, url: str | None, *, as_json: bool) -> None:
    """Print the report of each account."""
    async with desks(url, within=3.0) as live:
        for name, account in (await live.accounts(gateway)).items():
            report = await live.ask(name, "risk", rpc.Nothing(), RiskReport, account)
            _print(report, as_json=as_json)


async def tighten(key: str, value: str, gateway: str | None, url: str | None, *, as_json: bool) -> None:
    """Make one limit stricter, and print the report."""
    asked = _asked(key, value)
    async with desks(url, within=3.0) as live:
        name, _ = await live.only(gateway)
        report = await live.ask(name, "tighten_risk", td_rpc.TightenRisk(asked), RiskReport)
    _print(report, as_json=as_json)


def _asked(key: str, value: str) -> Tightening:
    if key not in Tightening.__struct_fields__:
        names = ", ".join(Tightening.__struct_fields__)
        raise ConfigError(key, "is no limit that can be tightened", f"one of {names}")
    given: object = (value,) if key == "forbidden" else value
    try:
        return msgspec.convert({key: given}, Tightening, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(key, f"{value!r}: {error}") from None


def _print(report: RiskReport, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
        return
    for line in _lines(report):
        typer.echo(line)


def _lines(report: RiskReport) -> Iterator[str]:
    stopped = ", LOSS STOP: only closing today" if report.loss_stop else ""
    yield f"{report.gateway} / {report.account}, trading day {report.trading_day or '-'}{stopped}"
    used = {each.key: each.value for each in report.usage}
    yield from _table(_limits(report, used))
    exchanges = [
        (str(each.exchange), *map(_plain, (each.orders, each.cancels)),
         _of(each.most_per_second, each.limit_per_second), _of(each.orders + each.cancels, each.limit_per_day),
         _of(each.bursts, each.limit_bursts))
        for each in report.exchanges
    ]  # fmt: skip
    if exchanges:
        yield from _table([("exchange", "orders", "cancels", "most_in_1s", "of_the_day", "bursts"), *exchanges])
    cancels = [(each.vt_symbol, _of(each.cancels, each.limit), _plain(each.large)) for each in report.cancels]
    if cancels:
        yield from _table([("contract", "cancels", "large"), *cancels])
    if report.denied:
        yield "denied: " + ", ".join(f"{rule} {count}" for rule, count in sorted(report.denied.items()))


def _limits(report: RiskReport, used: dict[str, float]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("limit", "used", "in_force", "configured")]
    for name in Limits.__struct_fields__:
        now, then = getattr(report.limits, name), getattr(report.configured, name)
        value = _plain(used[name]) if name in used else ""
        rows.append((name, value, _plain(now), _plain(then) if name in report.tightened else ""))
    return rows


def _of(value: float, limit: float | None) -> str:
    return _plain(value) if limit is None else f"{_plain(value)}/{_plain(limit)}"


def _plain(value: Any) -> str:
    if value is None:
        return "off"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(map(str, cast("tuple[object, ...]", value))) or "-"
    return f"{value:.10g}"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
