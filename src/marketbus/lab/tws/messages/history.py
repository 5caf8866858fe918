"""Bars, ticks and sessions of the past."""

from dataclasses import dataclass

from marketbus.lab.tws import versions
from marketbus.lab.tws.frame import Field
from marketbus.lab.tws.messages.message import Message, message


@dataclass(frozen=True, slots=True)
class Bar:
    """As it is written: `date` in the format asked for; volume, average and count -1 where nothing traded."""

    date: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    average: str
    count: int


def bars(version: int, request: int, begin: str, end: str, found: list[Bar]) -> list[Message]:
    """historicalData; since 196 its end is a message of its own."""
    ends_apart = version >= versions.HISTORY_END
    fields: list[Field] = [17, request] if ends_apart else [17, request, begin, end]
    fields.append(len(found))
    for bar in found:
        fields += [bar.date, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.average, bar.count]
    messages = [message("historicalData", *fields)]
    if ends_apart:
        messages.append(message("historicalDataEnd", 108, request, begin, end))
    return messages


def bar_update(request: int, bar: Bar) -> Message:
    """historicalDataUpdate: the bar that is not over, or a new one."""
    return message(
        "historicalDataUpdate", 90, request, bar.count, bar.date, bar.open, bar.close, bar.high, bar.low, bar.average,
        bar.volume,
    )  # fmt: skip


def midpoints(request: int, ticks: list[tuple[int, str]], *, done: bool) -> Message:
    """historicalTicks: (second, price)."""
    fields: list[Field] = [96, request, len(ticks)]
    for second, price in ticks:
        fields += [second, 0, price, 0]
    return message("historicalTicks", *fields, done)


def quotes(request: int, ticks: list[tuple[int, str, str, str, str]], *, done: bool) -> Message:
    """historicalTicksBidAsk: (second, bid, ask, bid size, ask size)."""
    fields: list[Field] = [97, request, len(ticks)]
    for second, *figures in ticks:
        fields += [second, 0, *figures]
    return message("historicalTicksBidAsk", *fields, done)


def trades(request: int, ticks: list[tuple[int, str, str, str]], *, done: bool) -> Message:
    """historicalTicksLast: (second, price, size, exchange)."""
    fields: list[Field] = [98, request, len(ticks)]
    for second, price, size, exchange in ticks:
        fields += [second, 0, price, size, exchange, ""]
    return message("historicalTicksLast", *fields, done)


def schedule(request: int, begin: str, end: str, zone: str, sessions: list[tuple[str, str, str]]) -> Message:
    """historicalSchedule: (begin, end, date) of each session."""
    fields: list[Field] = [106, request, begin, end, zone, len(sessions)]
    for session in sessions:
        fields += session
    return message("historicalSchedule", *fields)


def head(request: int, moment: str) -> Message:
    """headTimestamp: the earliest data there are."""
    return message("headTimestamp", 88, request, moment)
