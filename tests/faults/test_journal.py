"""Row 15 and what can befall a file: killed writers, full and forbidden disks, strangers, damage."""

import asyncio
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.journal import SqliteJournal
from marketbus.adapters.journal.reader import JournalReader, Wanted
from marketbus.adapters.journal.verify import verify
from marketbus.domain.journal_entry import Entry, EntryKind, Standing
from marketbus.ports.journal import Cause, JournalUnavailable
from tests.system import eventually

ROOT = Path(__file__).parents[2]
UNDER_WAY = 8 * 2
"""Entries that the child may have written and not yet told: its writers, and what each gives at a time."""
Opens = Callable[[Path], Any]


class Child:
    """tests/faults/journal_child.py, running."""

    def __init__(self, how: str, path: Path) -> None:
        argv = [sys.executable, "-m", "tests.faults.journal_child", how, str(path)]
        self.process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def facts(self) -> Iterator[dict[str, Any]]:
        """Lines that are whole."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                yield json.loads(line)

    def end(self) -> str:
        """What it said of errors, once it is gone."""
        _, words = self.process.communicate(timeout=20)
        return words.decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "journal.sqlite"


@pytest.fixture
async def opens() -> Any:
    """Opens journals; the test's end closes them."""
    open_ones: list[SqliteJournal] = []

    async def one(path: Path) -> SqliteJournal:
        journal = SqliteJournal(path, "ctp", clock=SystemClock(), host="test")
        await journal.start()
        open_ones.append(journal)
        return journal

    yield one
    for each in open_ones:
        await each.stop()


def entry(number: int, kind: EntryKind = EntryKind.NEW) -> Entry:
    return Entry(kind=kind, time=time.time_ns(), account="main", client_order_id=f"o{number}", body=f'{{"n":{number}}}')


async def refusal(journal: SqliteJournal) -> JournalUnavailable:
    with pytest.raises(JournalUnavailable) as caught:
        await journal.append([entry(0)])
    assert not journal.writable
    assert journal.trouble is not None
    assert journal.trouble.cause is caught.value.cause
    return caught.value


def filled(path: Path, count: int = 2500) -> None:
    """A journal that was written and closed in order."""

    async def write() -> None:
        journal = SqliteJournal(path, "ctp", clock=SystemClock())
        await journal.start()
        await journal.append([entry(number) for number in range(count)])
        await journal.stop()

    asyncio.run(write())


def meddle(path: Path, *statements: str, restore: bool = True) -> None:
    """As somebody who can write the file and takes the triggers out of the way."""
    connection = sqlite3.connect(path, isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, sql in triggers if restore else ():
        connection.execute(sql)
    connection.close()


@pytest.mark.parametrize("seed", range(4))
async def test_a_killed_writer_has_lost_nothing_it_acknowledged(path: Path, opens: Opens, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: dict[int, str] = {}
    for life in (1, 2):  # the second life begins on what the first one left
        child = Child("write", path)
        enough = chance.randint(1, 400)
        for number, fact in enumerate(child.facts()):
            acknowledged |= dict(zip(fact["positions"], fact["ids"], strict=True))
            if number == enough:
                time.sleep(chance.random() / 100)
                child.process.kill()
        child.end()
        assert child.process.returncode == -signal.SIGKILL
        assert path.with_name("journal.sqlite-wal").stat().st_size > 0, "killed in the middle of it"
        copy = path.with_name(f"copy-{len(acknowledged)}.sqlite")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
        verdict = verify(copy)
        assert verdict.ok, verdict
        found = {each.position: each.entry.client_order_id for each in JournalReader(copy).entries(Wanted())}
        assert acknowledged.items() <= found.items()
        assert len(found) - len(acknowledged) <= life * UNDER_WAY, "what was under way at each end, no more"
    journal = await opens(path)
    assert await journal.append([entry(1)]) == [journal.head.position]
    assert verify(path).ok


def test_a_full_disk_refuses_and_writing_goes_on_when_there_is_room(path: Path) -> None:
    child = Child("full", path)
    told = list(child.facts())
    assert not child.end()
    refused, after = told
    assert refused["cause"] in (Cause.FULL, Cause.FAILED)
    assert refused["writable"] is False
    assert str(path) in refused["words"]
    assert after["acknowledged"] > 2
    assert after["kinds"][-2:] == [EntryKind.RESUMED, EntryKind.CLAIMED]
    assert json.loads(after["body"])["refused"] >= 1
    verdict = verify(path)
    assert (verdict.ok, verdict.head.position) == (True, after["positions"][0])


async def test_a_database_at_its_limit_is_full(path: Path, opens: Opens) -> None:
    journal = await opens(path)
    await journal.append([entry(1)])
    # its own connection, its own thread's: nothing is under way there
    connection = journal._writer._connection
    connection.execute("PRAGMA max_page_count = 1")
    big = Entry(kind=EntryKind.NEW, time=1, body="x" * 100_000)
    with pytest.raises(JournalUnavailable, match="disk is full") as caught:
        await journal.append([big])
    assert caught.value.cause is Cause.FULL
    await eventually(lambda: journal.writable, "writing to go on", every=0.01)
    assert [each.entry.kind for each in JournalReader(path).entries(Wanted())] == [EntryKind.NEW, EntryKind.RESUMED]


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user of this machine can reach."""
    with tempfile.TemporaryDirectory(prefix="marketbus-journal-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


def test_a_folder_that_cannot_be_written_is_said_and_can_still_be_read(public: Path) -> None:
    path = public / "journal.sqlite"
    filled(path, 3)
    public.chmod(0o555)
    child = Child("forbidden", path)
    refused, read = child.facts()
    assert not child.end()
    assert (refused["cause"], refused["ok"], read) == (Cause.READ_ONLY, True, {"read": [1, 2, 3]})
    assert "check the mount and the rights of the folder" in refused["words"]


def test_no_journal_can_be_made_where_nothing_can_be_written(public: Path) -> None:
    public.chmod(0o555)
    child = Child("forbidden", public / "below" / "journal.sqlite")
    refused, read = child.facts()
    assert not child.end()
    assert (refused["cause"], refused["ok"]) == (Cause.READ_ONLY, False)
    assert "there is no journal" in read["unread"]


async def test_two_writers_on_one_file_are_refused_until_the_first_ends(path: Path, opens: Opens) -> None:
    child = Child("write", path)
    next(child.facts())
    journal = await opens(path)
    error = await refusal(journal)
    assert error.cause is Cause.IN_USE
    assert f"is written by another worker, process {child.process.pid} on " in str(error)
    child.process.kill()
    child.end()
    await eventually(lambda: journal.writable, "the file", every=0.01)
    assert verify(path).ok


async def test_another_programs_lock_is_named_and_ends_with_it(path: Path, opens: Opens) -> None:
    journal = await opens(path)
    await journal.append([entry(1)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    error = await refusal(journal)
    assert error.cause is Cause.LOCKED
    assert [each.position async for page in journal.events(0) for each in page] == [1], "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    await eventually(lambda: journal.writable, "writing to go on", every=0.01)
    assert await journal.append([entry(2)]) == [3], "after the entry that says so"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE entry SET body = '{\"n\":99}' WHERE position = 2400", "position 2400 is not what was written"),
        ("UPDATE entry SET client_order_id = 'o99' WHERE position = 2400", "position 2400 is not what was written"),
        ("UPDATE entry SET time = time + 1 WHERE position = 2400", "position 2400 is not what was written"),
        ("UPDATE entry SET hash = '' WHERE position = 2400", "position 2400 is not what was written"),
        ("DELETE FROM entry WHERE position = 2400", "position 2400 is missing"),
        ("UPDATE entry SET body = CAST(x'ff' AS TEXT) WHERE position = 2400", "position 2400 is not what was written"),
        ("DROP INDEX by_order", "index by_order is missing or was changed"),
        ("UPDATE journal SET gateway = 'other'", "position 1 is not what was written"),
    ],
)
async def test_what_was_changed_is_found_and_not_written_on(
    tmp_path_factory: pytest.TempPathFactory, path: Path, opens: Opens, statement: str, problem: str
) -> None:
    path.parent.mkdir()
    await asyncio.to_thread(filled, path)
    meddle(path, statement)
    assert problem in verify(path).problem
    error = await refusal(await opens(path))
    assert error.cause is (Cause.FOREIGN if "gateway" in statement else Cause.CORRUPT)


async def test_damage_long_ago_is_found_by_the_audit_and_does_not_stop_trading(path: Path, opens: Opens) -> None:
    await asyncio.to_thread(filled, path)
    meddle(path, "UPDATE entry SET body = '{}' WHERE position = 7")
    journal = await opens(path)
    assert await journal.append([entry(1)]) == [2501]
    assert verify(path).problem.startswith("position 7 is not")


async def test_missing_triggers_are_found_after_what_they_let_through(path: Path, opens: Opens) -> None:
    await asyncio.to_thread(filled, path)
    meddle(path, restore=False)
    assert "trigger entry_stays is missing or was changed" in verify(path).problem
    assert (await refusal(await opens(path))).cause is Cause.CORRUPT
    meddle(path, "UPDATE entry SET trader = 'x' WHERE position = 7", restore=False)
    assert verify(path).problem.startswith("position 7 is not")


async def test_a_torn_page_is_named_and_not_written_on(path: Path, opens: Opens) -> None:
    await asyncio.to_thread(filled, path)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size * 2 // 3)
        file.write(random.Random(1).randbytes(3 * 4096))
    verdict = verify(path)
    assert not verdict.ok
    assert (await refusal(await opens(path))).cause is Cause.CORRUPT


async def test_a_torn_end_of_the_wal_is_not_an_acknowledged_entry(path: Path, opens: Opens) -> None:
    child = Child("write", path)
    told = child.facts()
    for _ in range(50):
        next(told)
    child.process.kill()
    child.end()
    wal = path.with_name("journal.sqlite-wal")
    before = verify(path)
    with wal.open("r+b") as file:
        file.truncate(wal.stat().st_size - 100)
    journal = await opens(path)
    assert journal.writable
    assert 0 < journal.head.position < before.head.position
    assert await journal.standing(before.head) is Standing.OLDER, "which is what the head on the bus is for"
    assert verify(path).ok


@pytest.mark.parametrize("gone", ["journal.sqlite", "journal.sqlite-wal"])
async def test_a_file_deleted_under_the_worker_is_noticed(path: Path, opens: Opens, gone: str) -> None:
    journal = await opens(path)
    await journal.append([entry(1)])
    path.with_name(gone).unlink()
    assert (await refusal(journal)).cause is Cause.REPLACED
    if gone.endswith("wal"):
        await eventually(lambda: journal.writable, "what stood in it to be brought home", every=0.01)
        assert await journal.append([entry(2)]) == [3]
        assert verify(path).ok
    else:
        assert "is gone" in str(await refusal(journal))
        assert not path.exists(), "no new one in its place"


async def test_an_older_copy_put_in_its_place_is_noticed(path: Path, opens: Opens) -> None:
    await asyncio.to_thread(filled, path, 3)
    copy = shutil.copy(path, path.with_name("copy"))
    journal = await opens(path)
    await journal.append([entry(1)])
    head = journal.head
    Path(copy).replace(path)
    assert (await refusal(journal)).cause is Cause.REPLACED
    await journal.stop()
    again = await opens(path)
    assert await again.standing(head) is Standing.OLDER
