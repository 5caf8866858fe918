"""Nobody changes a journal without its being seen."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from journals import entry, opened

from marketbus.adapters.journal import rows
from marketbus.adapters.journal.reader import JournalReader
from marketbus.adapters.journal.verify import verify
from marketbus.domain.journal_entry import EntryKind, Standing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


REPLACE = (
    "INSERT OR REPLACE INTO entry SELECT {}, time, trading_day, kind, account, client_order_id, vt_symbol, "
    "principal, host, strategy, trader, '{{}}', hash FROM entry WHERE position = 1"
)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entry SET body = '{}' WHERE position = 1",
        "DELETE FROM entry WHERE position = 2",
        "DELETE FROM entry",
        REPLACE.format("position"),
        REPLACE.format(3),
        "UPDATE OR REPLACE entry SET position = 2 WHERE position = 1",
        "UPDATE journal SET gateway = 'x'",
        "DELETE FROM journal",
        "INSERT INTO journal VALUES ('x')",
    ],
)
async def test_the_database_refuses_to_change_or_delete(path: Path, sql: str) -> None:
    async with opened(path) as journal:
        await journal.append([entry(1, EntryKind.CLAIMED), entry(1)])
    meddler = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        meddler.execute(sql)
    meddler.close()


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of ten entries without its triggers."""
    path = tmp_path_factory.mktemp("ten") / "journal.sqlite"

    async def write() -> None:
        async with opened(path) as journal:
            await journal.append([entry(number) for number in range(10)])

    asyncio.run(write())
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.commit()
    connection.close()
    return path


NUMBERS = {"time", "trading_day"}


@settings(max_examples=60)
@given(
    st.integers(1, 10),
    st.sampled_from([name.strip() for name in rows.COLUMNS.split(",")[1:]]),
    st.integers(0, 2**40),
    st.text(max_size=5),
)
def test_any_change_of_any_field_is_found_where_it_is(ten: Path, row: int, column: str, number: int, text: str) -> None:
    copy = Path(shutil.copy(ten, ten.with_name("changed.sqlite")))
    connection = sqlite3.connect(copy)
    value = number if column in NUMBERS else text
    was = connection.execute(f"SELECT {column} FROM entry WHERE position = ?", (row,)).fetchone()
    assume(was != (value,))
    connection.execute(f"UPDATE entry SET {column} = ? WHERE position >= ?", (value, row))
    connection.commit()
    connection.close()
    verdict = verify(copy)
    assert verdict.problem.startswith(f"position {row} is not what was written")
    assert verdict.head.position == row - 1


@settings(max_examples=20)
@given(st.permutations(range(1, 11)), st.integers(0, 4))
def test_entries_in_another_order_or_left_out_are_found(ten: Path, order: list[int], out: int) -> None:
    order = order[out:]
    assume(order != list(range(1, len(order) + 1)))
    copy = Path(shutil.copy(ten, ten.with_name("shuffled.sqlite")))
    connection = sqlite3.connect(copy)
    connection.execute("CREATE TABLE old AS SELECT * FROM entry")
    connection.execute("DELETE FROM entry")
    rest = rows.COLUMNS.removeprefix("position, ")
    for place, position in enumerate(order, start=1):
        connection.execute(f"INSERT INTO entry SELECT {place}, {rest} FROM old WHERE position = {position}")
    connection.execute("DROP TABLE old")
    connection.commit()
    connection.close()
    first = next(n for n, position in enumerate(order, start=1) if position != n)
    assert verify(copy).problem.startswith(f"position {first} is not what was written")


def test_an_end_that_was_cut_off_shows_beside_a_head_noted_before(ten: Path) -> None:
    copy = Path(shutil.copy(ten, ten.with_name("cut.sqlite")))
    connection = sqlite3.connect(copy)
    connection.execute("DELETE FROM entry WHERE position > 7")
    connection.commit()
    connection.close()
    assert verify(copy).head.position == 7, "the chain itself is whole"
    assert JournalReader(copy).standing(JournalReader(ten).head()) is Standing.OLDER
