"""Tables written by hand from the exchanges' rules; they judge the bus and the simulated venues alike.

No row comes from our code. `#` begins a comment; times are Shanghai's.
"""

import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path

HERE = Path(__file__).parent
Interval = tuple[datetime, datetime]


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table by column."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    return [
        {column.strip(): value.strip() for column, value in row.items()} for row in csv.DictReader(kept, delimiter="|")
    ]


def day(text: str) -> date:
    """`2026-11-20`."""
    return date.fromisoformat(text)


def laid(spans: str, row: dict[str, str]) -> list[Interval]:
    """`21:00-02:30 09:00-10:15` on the dates of a row of days.csv."""
    found: list[Interval] = []
    for span in spans.split():
        start, end = map(time.fromisoformat, span.split("-"))
        if start.hour < 18:
            on = day(row["trading_day"])
        elif row["night_from"] == "-":
            continue
        else:
            on = day(row["night_from"])
        until = on + timedelta(days=1) if end < start else on
        found.append((datetime.combine(on, start), datetime.combine(until, end)))
    return sorted(found)
