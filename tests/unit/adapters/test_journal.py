"""The journal on a real disk: order, claims, pages, heads."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journals import GATEWAY, entries, entry, everything, opened, refused

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.journal import SqliteJournal, reader, rows, schema
from marketbus.adapters.journal.reader import JournalReader, Wanted
from marketbus.adapters.journal.verify import verify
from marketbus.domain.journal_entry import Entry, EntryKind, Head, Standing, genesis
from marketbus.ports.journal import WORDS, AlreadyClaimed, Cause, JournalUnavailable
from tests.system import eventually

Batches = list[list[Entry]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "journal.sqlite"


async def test_positions_rise_by_one_in_the_order_of_appending(path: Path) -> None:
    async with opened(path) as journal:
        assert journal.writable
        assert journal.head == Head(0, genesis(GATEWAY))
        assert await journal.append([entry(1), entry(2)]) == [1, 2]
        assert await journal.append([]) == []
        many = await asyncio.gather(*(journal.append([entry(number), entry(number)]) for number in range(3, 300)))
        assert [position for positions in many for position in positions] == list(range(3, 597))
        assert journal.head.position == 596
        told = await everything(journal)
    assert [each.position for each in told] == list(range(1, 597))
    assert told[0].entry == entry(1)
    assert told[-1].hash == journal.head.hash


async def test_what_is_acknowledged_is_on_the_disk_in_full(path: Path) -> None:
    async with opened(path) as journal:
        await journal.append([entry(1)])
        other = sqlite3.connect(path)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert other.execute("SELECT count(*) FROM entry").fetchone() == (1,)
        other.close()
        writer = journal._writer._connection  # pyright: ignore[reportPrivateUsage]
        assert writer is not None
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_a_journal_goes_on_where_it_ended(path: Path) -> None:
    async with opened(path) as journal:
        await journal.append([entry(1)])
        head = journal.head
    async with opened(path) as journal:
        assert journal.head == head
        assert await journal.append([entry(2)]) == [2]
    assert verify(path).ok


async def test_an_id_is_claimed_once_for_ever_per_account(path: Path) -> None:
    claim = entry(1, EntryKind.CLAIMED)
    async with opened(path) as journal:
        assert await journal.append([claim, entry(1)]) == [1, 2]
    async with opened(path) as journal:
        with pytest.raises(AlreadyClaimed) as refusal:
            await journal.append([entry(5), claim])
        assert refusal.value.there.position == 1
        assert refusal.value.there.entry == claim
        assert journal.head.position == 2, "nothing of a refused append is written"
        assert await journal.append([entry(1, EntryKind.CLAIMED, account="hedge")]) == [3]
        assert [each.position for each in await journal.order("main", "o1")] == [1, 2]
        assert await journal.order("main", "o7") == []


async def test_of_claims_that_race_one_wins(path: Path) -> None:
    async with opened(path) as journal:
        claims = [journal.append([entry(1, EntryKind.CLAIMED), entry(number)]) for number in range(50)]
        found = await asyncio.gather(*claims, return_exceptions=True)
        assert found[0] == [1, 2]
        assert all(isinstance(each, AlreadyClaimed) and each.there.position == 1 for each in found[1:])
        assert journal.head.position == 2


@pytest.mark.parametrize(
    "bad",
    [
        [Entry(kind=EntryKind.NEW, time=0, principal="\ud800")],
        [Entry(kind=EntryKind.NEW, time=2**63)],
        [entry(1, EntryKind.CLAIMED), entry(1, EntryKind.CLAIMED)],
    ],
)
async def test_what_no_row_can_hold_is_refused_at_once_and_harms_nobody(path: Path, bad: list[Entry]) -> None:
    async with opened(path) as journal:
        good = asyncio.create_task(journal.append([entry(1)]))
        with pytest.raises(ValueError, match=r"surrogates|64 bits|twice"):
            await journal.append(bad)
        assert await good == [1]
        assert journal.writable


async def test_who_gives_up_before_its_turn_is_not_written(path: Path) -> None:
    async with opened(path) as journal:
        waiting = [asyncio.create_task(journal.append([entry(number)])) for number in range(200)]
        await asyncio.sleep(0)
        for task in waiting[1:]:
            task.cancel()
        await asyncio.wait(waiting)
        written = {each.entry.client_order_id for each in await everything(journal)}
        assert {f"o{number}" for number, task in enumerate(waiting) if not task.cancelled()} <= written
        assert await journal.append([entry(999)]) == [len(written) + 1]


@settings(max_examples=20)
@given(st.lists(st.lists(entries(), max_size=4), max_size=8), st.integers(1, 7))
async def test_pages_give_everything_once_and_in_order_whatever_is_in_it(
    tmp_path_factory: pytest.TempPathFactory, batches: Batches, page: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    written = [each for batch in batches for each in batch]
    async with opened(path) as journal:
        await asyncio.gather(*(journal.append(batch) for batch in batches))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader, "PAGE", page)
            pages = [each async for each in journal.events(0)]
            assert all(len(each) <= page for each in pages)
            assert [each.entry for one in pages for each in one] == written
            for since in (0, len(written) // 2, len(written)):
                told = [each.position for each in await everything(journal, since, "main")]
                expected = [n for n, each in enumerate(written, start=1) if each.account == "main" and n > since]
                assert told == expected
    verdict = verify(path)
    assert (verdict.ok, verdict.head.position) == (True, len(written))


async def test_a_journal_knows_how_it_stands_to_a_head(path: Path, tmp_path: Path) -> None:
    async with opened(path) as journal, opened(tmp_path / "other.sqlite") as other:
        await journal.append([entry(1), entry(2)])
        two = journal.head
        await journal.append([entry(3)])
        await other.append([entry(9), entry(8), entry(7), entry(6)])
        standing = journal.standing
        assert await standing(journal.head) is Standing.SAME
        assert await standing(two) is Standing.NEWER
        assert await standing(Head(0, genesis(GATEWAY))) is Standing.NEWER
        assert await standing(Head(4, "?")) is Standing.OLDER
        assert await standing(Head(3, other.head.hash)) is Standing.FORKED
        assert await other.standing(two) is Standing.FORKED
        assert await standing(Head(0, genesis("another"))) is Standing.FORKED


async def test_the_last_kill_and_the_first_entry_of_a_day_are_found(path: Path) -> None:
    async with opened(path) as journal:
        assert await journal.latest("main", EntryKind.KILL, EntryKind.RELEASE) is None
        assert await journal.before_day(20261123) == 0
        await journal.append([Entry(kind=EntryKind.STARTED, time=1, trading_day=20261120)])
        await journal.append([entry(1, EntryKind.KILL), entry(2, EntryKind.RELEASE), entry(3, EntryKind.KILL, "x")])
        last = await journal.latest("main", EntryKind.KILL, EntryKind.RELEASE)
        assert last is not None
        assert last.position == 3
        assert await journal.before_day(20261123) == 1
        assert await journal.before_day(20261124) == 4


def test_readers_choose_by_order_account_time_and_day(tmp_path: Path) -> None:
    async def write() -> None:
        async with opened(tmp_path / "j") as journal:
            await journal.append([entry(5), entry(3), entry(4, account="hedge"), entry(3, account="hedge"), entry(1)])

    asyncio.run(write())
    read = JournalReader(tmp_path / "j")
    base = entry(0).time

    def chosen(**wanted: str | int) -> list[int]:
        return [each.position for each in read.entries(Wanted(**wanted))]  # pyright: ignore[reportArgumentType]

    assert chosen(client_order_id="o3") == [2, 4]
    assert chosen(client_order_id="o3", account="main") == [2]
    assert chosen(client_order_id="") == []
    assert chosen(time=base + 4) == [1, 3]
    assert chosen(time=base + 6) == []
    assert chosen(trading_day=20261123, since=3) == [4, 5]
    assert chosen(trading_day=20261124) == []


async def test_an_older_schema_is_brought_up_and_a_newer_one_refused(path: Path) -> None:
    async with opened(path) as journal:
        await journal.append([entry(1)])
    connection = sqlite3.connect(path, isolation_level=None)
    now = schema.VERSION
    done: list[str] = []

    def two(given: sqlite3.Connection) -> None:
        given.execute("CREATE INDEX by_strategy ON entry (strategy)")
        done.append("two")

    def fails(given: sqlite3.Connection) -> None:
        given.execute("CREATE INDEX by_trader ON entry (trader)")
        raise sqlite3.OperationalError("no")

    with pytest.raises(sqlite3.OperationalError):
        schema.prepare(connection, path, GATEWAY, {now: two, now + 1: fails}, version=now + 2)
    assert connection.execute("PRAGMA user_version").fetchone() == (now,), "all of it or nothing"
    schema.prepare(connection, path, GATEWAY, {now: two}, version=now + 1)
    schema.prepare(connection, path, GATEWAY, {now: two}, version=now + 1)
    assert done == ["two", "two"], "the one rolled back, and the one that stayed"
    assert connection.execute("PRAGMA user_version").fetchone() == (now + 1,)
    connection.close()
    async with opened(path) as journal:
        assert (await refused(journal, entry(2))).cause is Cause.TOO_NEW
    assert f"schema version {now + 1}, this marketbus knows {now}" in verify(path).problem


async def test_a_journal_of_the_first_version_is_written_on(path: Path) -> None:
    async with opened(path) as journal:
        await journal.append([entry(1)])
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert verify(path).ok
    async with opened(path) as journal:
        await journal.append([entry(2, EntryKind.MODIFY_REQUESTED)])
    assert verify(path).ok


async def test_the_journal_of_another_gateway_and_a_strange_file_are_refused(path: Path) -> None:
    async with opened(path):
        pass
    async with opened(path, "ctp-other") as journal:
        error = await refused(journal, entry(1))
        assert error.cause is Cause.FOREIGN
        assert "is the journal of gateway ctp-main, not of ctp-other" in str(error)
    strange = sqlite3.connect(path.with_name("strange"))
    strange.execute("CREATE TABLE mine (x)")
    strange.close()
    async with opened(path.with_name("strange")) as journal:
        assert (await refused(journal, entry(1))).cause is Cause.FOREIGN


async def test_reading_what_is_not_there_says_so(path: Path) -> None:
    with pytest.raises(JournalUnavailable, match="there is no journal"):
        JournalReader(path).head()
    assert not verify(path).ok


async def test_what_keeps_a_journal_from_being_written_is_heard_on_the_loop_once(path: Path) -> None:
    heard: list[JournalUnavailable | None] = []
    loop = asyncio.get_running_loop()

    def hear(trouble: JournalUnavailable | None) -> None:
        assert asyncio.get_running_loop() is loop
        heard.append(trouble)

    async with opened(path):
        journal = SqliteJournal(path, GATEWAY, clock=SystemClock(), on_trouble=hear)
        await journal.start()
        for _ in range(3):
            await refused(journal, entry(1))
    await eventually(lambda: journal.writable and len(heard) == 2, "the file and the news of it")
    await journal.stop()
    first, last = heard
    assert first is not None
    assert (first.cause, first.words) == (Cause.IN_USE, WORDS[Cause.IN_USE])
    assert last is None
    assert (await refused(journal, entry(1))).cause is Cause.CLOSED


def test_every_cause_has_words() -> None:
    assert WORDS.keys() == set(Cause)


async def test_a_journal_that_ends_leaves_nobody_waiting(path: Path) -> None:
    async with opened(path) as journal:
        waiting = [asyncio.create_task(journal.append([entry(number)])) for number in range(50)]
        await asyncio.sleep(0)
    assert [await each for each in waiting] == [[number] for number in range(1, 51)], "what waits is still written"
    never = SqliteJournal(path, GATEWAY, clock=SystemClock())
    early = asyncio.create_task(never.append([entry(1)]))
    await asyncio.sleep(0)
    await never.stop()
    with pytest.raises(JournalUnavailable, match="is closed"):
        await early


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_bug_in_the_writing_thread_is_heard_and_leaves_nobody_waiting(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    heard: list[JournalUnavailable | None] = []
    journal = SqliteJournal(path, GATEWAY, clock=SystemClock(), on_trouble=heard.append)
    await journal.start()
    monkeypatch.setattr(rows, "chained", broken)
    assert (await refused(journal, entry(1))).cause is Cause.CLOSED
    assert not journal.writable
    assert (await refused(journal, entry(2))).cause is Cause.CLOSED
    await eventually(lambda: heard, "the news")
    await journal.stop()
