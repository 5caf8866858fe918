"""`marketbus calendar`: trading days and sessions, computed here; nothing is connected."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import msgspec
import typer

from marketbus.adapters.clock import SystemClock
from marketbus.apps.config import load
from marketbus.apps.exit_codes import ExitCode
from marketbus.apps.market import market_calendar
from marketbus.client.calendar import Calendar
from marketbus.domain.calendar_table import BeyondCalendar
from marketbus.domain.errors import ConfigError
from marketbus.domain.market_calendar import Phase, TradingSession


class _Session(msgspec.Struct):
    phase: Phase
    start: datetime
    end: datetime


class _Answer(msgspec.Struct, omit_defaults=True):
    """What `--json` shows."""

    at: datetime
    trading_day: date
    is_trading_day: bool
    night: bool
    """Whether the futures market trades on that evening."""
    symbol: str | None = None
    phase: Phase | None = None
    sessions: list[_Session] | None = None
    next: list[date] = []
    previous: list[date] = []
    guess: bool = False
    """Whether it rests on holidays or hours that are not known."""


def calendar(
    symbol: str | None,
    day: str | None,
    at: str | None,
    following: int,
    before: int,
    as_json: bool,
    config: Path | None,
) -> None:
    """Prints the answer, and what it does not know in one line each; exit code 1 then.

    Raises:
        ConfigError: the configuration, `--date` or `--at` is wrong.
        BeyondCalendar: a day that the calendar cannot tell.
    """
    unknown: list[int] = []
    here = Calendar(market_calendar(load(config, connects=False), unknown.append), SystemClock().now)
    moment = _moment(here.now(), day, at)
    try:
        answer = _answer(here, symbol, moment, day is not None and at is None)
        answer.next = _walked(here.next, moment.date(), following)
        answer.previous = _walked(here.previous, moment.date(), before)
    except (OverflowError, ValueError):
        raise BeyondCalendar(f"what is asked about {moment.date()} is beyond the calendar") from None
    doubts: list[str] = []
    if unknown:
        years = ", ".join(map(str, sorted(unknown)))
        doubts.append(f"the holidays of {years} are not known yet: name them in [calendar] holidays")
    if symbol is not None and not here.is_listed(symbol):
        usual = "shown are the usual ones of its exchange"
        doubts.append(f"{symbol}: no hours of this product are known, {usual}: add them, [calendar] hours_file")
    answer.guess = bool(doubts)
    typer.echo(msgspec.json.encode(answer).decode() if as_json else _text(answer))
    for doubt in doubts:
        typer.echo(f"marketbus: {doubt}", err=True)
    if doubts:
        raise typer.Exit(ExitCode.FAILURE)


def _walked(step: Callable[[date], date], day: date, count: int) -> list[date]:
    days: list[date] = []
    for _ in range(count):
        day = step(day)
        days.append(day)
    return days


def _moment(now: datetime, day: str | None, at: str | None) -> datetime:
    try:
        on = date.fromisoformat(day) if day is not None else now.date()
    except ValueError:
        raise ConfigError("--date", f"{day!r} is not a date, such as 2026-10-08") from None
    try:
        clock = (
            datetime.strptime(at, "%H:%M:%S" if at.count(":") == 2 else "%H:%M").time()
            if at is not None
            else now.time()
        )
    except ValueError:
        raise ConfigError("--at", f"{at!r} is not a time, such as 21:30") from None
    return datetime.combine(on, clock, now.tzinfo)


def _answer(here: Calendar, symbol: str | None, moment: datetime, whole_day: bool) -> _Answer:
    """A day asked for as a whole is a trading day or none; a moment belongs to one in any case."""
    today = moment.date()
    trading_day = today if whole_day and here.is_trading_day(today) else here.trading_day(moment)
    answer = _Answer(moment, trading_day, here.is_trading_day(today), here.has_night(today))
    if symbol is not None:
        answer.symbol = symbol
        answer.phase = None if whole_day else here.phase(symbol, moment)
        answer.sessions = [_session(each) for each in here.sessions(symbol, trading_day)]
    return answer


def _session(session: TradingSession) -> _Session:
    return _Session(session.phase, session.begins, session.ends)


def _text(answer: _Answer) -> str:
    kind = "a trading day" if answer.is_trading_day else "no trading day"
    night = "a night session follows" if answer.night else "no night session"
    lines = [f"{answer.at:%Y-%m-%d %A}: {kind}, {night}"]
    if answer.phase is not None:
        lines.append(f"{answer.at:%H:%M:%S} {answer.symbol}: {answer.phase}")
    lines.append(f"trading day {answer.trading_day}")
    lines += [f"  {each.start:%m-%d %H:%M} to {each.end:%m-%d %H:%M}  {each.phase}" for each in answer.sessions or ()]
    if answer.next:
        lines.append("next: " + " ".join(map(str, answer.next)))
    if answer.previous:
        lines.append("previous: " + " ".join(map(str, answer.previous)))
    return "\n".join(lines)
