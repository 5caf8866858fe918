"""`marketbus audit`: the order journals of this machine, read from their files."""

import csv
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import NamedTuple

import msgspec
import typer

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.journal.reader import JournalReader, Wanted
from marketbus.adapters.journal.verify import Verdict, verify
from marketbus.apps import paths
from marketbus.apps.exit_codes import ExitCode
from marketbus.domain.errors import ConfigError, MarketBusError
from marketbus.domain.journal_entry import Recorded
from marketbus.domain.order_traffic import Traffic, messages, traffic
from marketbus.domain.times import from_datetime, to_datetime, yyyymmdd


class Asked(NamedTuple):
    """The command line."""

    order: str | None
    account: str | None
    gateway: str | None
    since: str | None
    as_json: bool
    verify: bool
    export: str | None
    csv: Path | None
    file: Path | None


class _Day(msgspec.Struct, frozen=True):
    """A line of the export."""

    gateway: str
    trading_day: int
    account: str
    exchange: str
    symbol: str
    orders: int
    cancels: int
    most_in_a_second: int
    most_within_1s: int
    busy_seconds: int


def audit(asked: Asked) -> int:
    """Print what was asked for; gives the exit code.

    Raises:
        ConfigError: options that do not go together, or a time that is none.
        MarketBusError: no journal here.
        JournalUnavailable: one that cannot be read.
    """
    _refuse_mixtures(asked)
    if asked.verify:
        verdicts = [verify(path) for path in _journals(asked).values()]
        _write(_json(each) if asked.as_json else _verdict_line(each) for each in verdicts)
        return ExitCode.STOPPED if all(each.ok for each in verdicts) else ExitCode.FAILURE
    if asked.export is not None:
        _export(asked, asked.export)
    else:
        wanted = Wanted(account=asked.account, client_order_id=asked.order, time=_moment(asked.since))
        for gateway, path in _journals(asked).items():
            found = JournalReader(path).entries(wanted)
            _write(_entry_json(gateway, each) if asked.as_json else _entry_line(gateway, each) for each in found)
    return ExitCode.STOPPED


def _refuse_mixtures(asked: Asked) -> None:
    if asked.csv is not None and asked.export is None:
        raise ConfigError("--csv", "goes with --export only")
    chosen = {"--order": asked.order, "--since": asked.since}
    if asked.verify:
        chosen |= {"--account": asked.account, "--export": asked.export}
    if asked.verify or asked.export is not None:
        for option, value in chosen.items():
            if value is not None:
                whole = "--verify" if asked.verify else "--export"
                raise ConfigError(option, f"does not go with {whole}")


def _journals(asked: Asked) -> dict[str, Path]:
    """By gateway."""
    if asked.file is not None:
        if asked.gateway is not None:
            raise ConfigError("--gateway", "does not go with --file")
        return {asked.file.stem if asked.verify else JournalReader(asked.file).gateway(): asked.file}
    state = paths.state_dir()
    found = paths.journal_files(state)
    if asked.gateway is not None:
        found = {name: path for name, path in found.items() if name == asked.gateway}
    if not found:
        what = "no order journal" if asked.gateway is None else f"no order journal of {asked.gateway}"
        raise MarketBusError(f"{what} under {state}", "set MARKETBUS_STATE as the worker has it")
    return found


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    today = to_datetime(SystemClock().now())
    try:
        if "-" not in text:
            return from_datetime(datetime.combine(today, time.fromisoformat(text)))
        return from_datetime(datetime.fromisoformat(text))
    except ValueError:
        raise ConfigError("--since", f"{text!r} is not a time, such as '2026-11-23 21:00' or 21:00") from None


def _export(asked: Asked, text: str) -> None:
    try:
        day = yyyymmdd(date.fromisoformat(text))
    except ValueError:
        raise ConfigError("--export", f"{text!r} is not a day, such as 2026-11-23") from None
    lines: list[_Day] = []
    for gateway, path in _journals(asked).items():
        found = JournalReader(path).entries(Wanted(account=asked.account, trading_day=day))
        lines += [_day(gateway, day, each) for each in traffic(messages(each.entry for each in found))]
    if asked.csv is not None:
        _write_csv(asked.csv, lines)
        typer.echo(f"{asked.csv}: {len(lines)} lines", err=True)
    elif asked.as_json:
        _write(map(_json, lines))
    else:
        _write(_table(lines))


def _day(gateway: str, day: int, figures: Traffic) -> _Day:
    return _Day(gateway, day, **msgspec.structs.asdict(figures))


def _write_csv(path: Path, lines: list[_Day]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(_Day.__struct_fields__)
            table.writerows(msgspec.structs.astuple(each) for each in lines)
    except OSError as error:
        raise ConfigError("--csv", f"{path}: {error.strerror or error}") from None


def _table(lines: list[_Day]) -> Iterator[str]:
    rows = [_Day.__struct_fields__, *(tuple(map(str, msgspec.structs.astuple(each))) for each in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _verdict_line(verdict: Verdict) -> str:
    name = verdict.gateway or verdict.path
    head = f"{verdict.head.position} entries, head {verdict.head.hash or '-'}"
    if verdict.ok:
        return f"{name}: ok, {head}"
    return f"{name}: BROKEN: {verdict.problem}; as written before that: {head}"


def _entry_line(gateway: str, recorded: Recorded) -> str:
    entry = recorded.entry
    who = "@".join(filter(None, (entry.principal, entry.host)))
    named = (entry.account, entry.client_order_id, entry.vt_symbol, who, entry.strategy, entry.trader)
    plain = " ".join(each or "-" for each in named)
    when = to_datetime(entry.time).replace(tzinfo=None).isoformat(" ", "microseconds")
    return f"{gateway} {recorded.position:>7} {when} {entry.kind:<16} {plain} {entry.body}"


def _entry_json(gateway: str, recorded: Recorded) -> str:
    fields = {"gateway": gateway, "position": recorded.position, **msgspec.structs.asdict(recorded.entry)}
    return _json(fields | {"body": _object(recorded.entry.body), "hash": recorded.hash})


def _object(body: str) -> msgspec.Raw | str:
    """The body as it stands, so that the hash can be computed from it; a text where it is no JSON."""
    try:
        return msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.DecodeError:
        return body


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _write(lines: Iterator[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
