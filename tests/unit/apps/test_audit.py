"""`marketbus audit` over files, beside the worker that writes them."""

import asyncio
import csv
import json
import os
import sqlite3
import sys
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.journal import SqliteJournal
from marketbus.apps import paths
from marketbus.apps.cli import commands
from marketbus.domain.errors import ConfigError, MarketBusError
from marketbus.domain.journal_entry import Entry, EntryKind
from marketbus.domain.times import NS, from_datetime

NIGHT = from_datetime(datetime.fromisoformat("2026-11-20T21:00:00"))
"""Friday night: trading day Monday."""


def entry(kind: EntryKind, number: int, at: float = 0.0, account: str = "main", day: int = 20261123) -> Entry:
    return Entry(
        kind=kind,
        time=NIGHT + int(at * NS),
        trading_day=day,
        account=account,
        client_order_id=f"o{number}",
        vt_symbol="rb2701.SHFE",
        principal="li",
        host="desk-7",
        strategy="grid",
        body=f'{{"volume":{number},"words":"平今"}}',
    )


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncGenerator[SqliteJournal]:
    """The journal of ctp-main, open; another one of ctp-b, closed."""
    state = tmp_path / "state"
    other = SqliteJournal(paths.journal_file(state, "ctp-b"), "ctp-b", clock=SystemClock())
    await other.start()
    await other.append([entry(EntryKind.CLAIMED, 9, account="hedge")])
    await other.stop()
    journal = SqliteJournal(paths.journal_file(state, "ctp-main"), "ctp-main", clock=SystemClock())
    await journal.start()
    for number in range(6):
        new = [entry(kind, number, number / 10) for kind in (EntryKind.CLAIMED, EntryKind.NEW)]
        await journal.append([*new, entry(EntryKind.SENT, number, number / 10)])
        await journal.append([entry(EntryKind.CANCEL_REQUESTED, number, number / 10 + 0.05)])
    await journal.append([entry(EntryKind.NEW, 7, 86400.0, day=20261124), entry(EntryKind.SENT, 7, 86400.0)])
    yield journal
    await journal.stop()


class Done(NamedTuple):
    returncode: int
    stdout: str
    error: BaseException | None


Audit = Callable[..., Done]


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Runs the command in this process."""
    monkeypatch.setenv("MARKETBUS_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        result = CliRunner().invoke(commands.app, ["audit", *arguments])
        return Done(result.exit_code, result.stdout, result.exception)

    return run


async def test_an_auditor_in_another_process_reads_beside_the_worker(journal: SqliteJournal, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "marketbus.apps.main", "audit", "--verify", "--gateway", "ctp-main",
        env={**os.environ, "MARKETBUS_STATE": str(tmp_path / "state")}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert said.decode().strip() == f"ctp-main: ok, 26 entries, head {journal.head.hash}"
    assert await journal.append([entry(EntryKind.NEW, 8)]) == [27]


async def test_an_auditor_reads_an_order_or_all_from_a_time_on(journal: SqliteJournal, audit: Audit) -> None:
    done = audit("--order", "o3")
    assert done.returncode == 0, done
    claimed, *_, cancelled = done.stdout.splitlines()
    assert claimed.split() == [
        "ctp-main", "13", "2026-11-20", "21:00:00.300000", "claimed", "main", "o3", "rb2701.SHFE", "li@desk-7", "grid",
        "-", '{"volume":3,"words":"平今"}',
    ]  # fmt: skip
    assert "cancel_requested" in cancelled
    done = audit("--json", "--gateway", "ctp-main", "--since", "2026-11-20 21:00:00.55")
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["position"], each["kind"]) for each in shown] == [
        (24, "cancel_requested"),
        (25, "new"),
        (26, "sent"),
    ]
    assert shown[0]["body"] == {"volume": 5, "words": "平今"}
    assert shown[-1]["hash"] == journal.head.hash


async def test_every_gateway_is_shown_unless_one_account_or_gateway_is_asked_for(
    journal: SqliteJournal, audit: Audit
) -> None:
    assert len(audit().stdout.splitlines()) == 1 + journal.head.position
    (line,) = audit("--account", "hedge").stdout.splitlines()
    assert line.startswith("ctp-b ")
    done = audit("--gateway", "ctp-c")
    assert isinstance(done.error, MarketBusError)
    assert "no order journal of ctp-c under" in str(done.error)


async def test_verify_names_the_first_broken_entry(journal: SqliteJournal, tmp_path: Path, audit: Audit) -> None:
    done = audit("--verify")
    assert done.returncode == 0, done.stdout
    assert f"ctp-main: ok, 26 entries, head {journal.head.hash}" in done.stdout.splitlines()
    meddler = sqlite3.connect(paths.journal_file(tmp_path / "state", "ctp-main"))
    (trigger,) = meddler.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_stays'").fetchone()
    meddler.execute("DROP TRIGGER entry_stays")
    meddler.execute("UPDATE entry SET body = '{}' WHERE position IN (11, 20)")
    meddler.execute(trigger)
    meddler.commit()
    meddler.close()
    done = audit("--verify")
    assert done.returncode == 1
    assert "ctp-main: BROKEN: position 11 is not what was written" in done.stdout
    assert "ctp-b: ok, 1 entries" in done.stdout
    shown = audit("--verify", "--json", "--gateway", "ctp-main")
    verdict = json.loads(shown.stdout)
    assert (verdict["head"]["position"], verdict["gateway"]) == (10, "ctp-main")


async def test_a_copy_is_read_by_its_path(journal: SqliteJournal, tmp_path: Path, audit: Audit) -> None:
    copy = tmp_path / "copy.sqlite"
    source = sqlite3.connect(paths.journal_file(tmp_path / "state", "ctp-main"))
    source.execute("VACUUM INTO ?", (str(copy),))
    source.close()
    assert audit("--file", "copy.sqlite", "--verify").stdout == f"ctp-main: ok, 26 entries, head {journal.head.hash}\n"
    assert audit("--file", "copy.sqlite", "--order", "o1").stdout == audit("--order", "o1").stdout
    assert "there is no journal" in audit("--file", "none", "--verify").stdout
    (tmp_path / "text").write_text("no database " * 1000)
    assert "not a database" in str(audit("--file", "text").error)


async def test_a_day_is_exported_with_its_orders_and_cancels(
    journal: SqliteJournal, tmp_path: Path, audit: Audit
) -> None:
    done = audit("--export", "2026-11-23", "--csv", "day.csv")
    assert done.returncode == 0, done
    with (tmp_path / "day.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    figures = {
        "gateway": "ctp-main", "trading_day": "20261123", "account": "main", "orders": "6", "cancels": "6",
        "most_in_a_second": "12", "most_within_1s": "12", "busy_seconds": "1",
    }  # fmt: skip
    assert rows == [
        figures | {"exchange": "", "symbol": ""},
        figures | {"exchange": "SHFE", "symbol": ""},
        figures | {"exchange": "SHFE", "symbol": "rb2701"},
    ]
    shown = audit("--export", "2026-11-23", "--json")
    assert [json.loads(line)["cancels"] for line in shown.stdout.splitlines()] == [6, 6, 6]
    header, first, *_ = audit("--export", "2026-11-23").stdout.splitlines()
    assert header.split()[:3] == ["gateway", "trading_day", "account"]
    assert first.split() == ["ctp-main", "20261123", "main", "6", "6", "12", "12", "1"]
    assert len(audit("--export", "2026-11-25").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((), MarketBusError, "no order journal under"),
        (("--verify",), MarketBusError, "no order journal under"),
        (("--since", "yesterday"), ConfigError, "--since: 'yesterday' is not a time"),
        (("--export", "2026-13-01"), ConfigError, "--export: '2026-13-01' is not a day"),
        (("--csv", "x"), ConfigError, "--csv: goes with --export only"),
        (("--file", "x", "--gateway", "g"), ConfigError, "--gateway: does not go with --file"),
        (("--verify", "--order", "o1"), ConfigError, "--order: does not go with --verify"),
        (("--verify", "--export", "2026-11-23"), ConfigError, "--export: does not go with --verify"),
        (("--export", "2026-11-23", "--since", "21:00"), ConfigError, "--since: does not go with --export"),
    ],
)
def test_what_goes_wrong_is_said(
    audit: Audit, arguments: tuple[str, ...], kind: type[MarketBusError], words: str
) -> None:
    done = audit(*arguments)
    assert type(done.error) is kind
    assert words in str(done.error)
    assert not done.stdout
