"""Tables written by hand from the exchanges' rules; they judge the bus and the simulated venues alike.

No row comes from our code. `#` begins a comment; times are Shanghai's.
"""

import csv
from pathlib import Path

HERE = Path(__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table by column."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    return [
        {column.strip(): value.strip() for column, value in row.items()} for row in csv.DictReader(kept, delimiter="|")
    ]
