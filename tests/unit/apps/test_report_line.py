import asyncio
import os

import msgspec
import pytest

from marketbus.apps import report_line
from marketbus.apps.report_line import ReportLine
from marketbus.apps.supervisor.watch import WorkerWatch
from marketbus.domain.status import Level, LogRecord
from tests.unit.domain.vitals import vitals

RECORD = LogRecord("ctp", 1, Level.ERROR, "kill.on", "KILL", {"principal": "li"})


async def test_figures_and_records_arrive_and_garbage_disturbs_nothing() -> None:
    ours, theirs = report_line.pair()
    heard: list[LogRecord] = []
    watch = WorkerWatch("ctp", trades=True, heard=heard.append)
    with ours, theirs:
        theirs.send(b"\xc1garbage")
        theirs.send(msgspec.msgpack.encode(["vitals/1"]))
        line = ReportLine(theirs)
        line.tell(RECORD)
        line.tell(vitals())
        watch.started(1)
        listening = asyncio.create_task(watch.listen(ours))
        async with asyncio.timeout(5):
            while watch.view().vitals is None:
                await asyncio.sleep(0.01)
        listening.cancel()
    assert heard == [RECORD]
    assert watch.unreadable == 2
    assert watch.view().vitals == vitals()
    watch.ended("SIGKILL")
    assert watch.view().vitals is None
    assert watch.view().ends == {"SIGKILL": 1}


def test_a_supervisor_that_does_not_read_blocks_nobody() -> None:
    ours, theirs = report_line.pair()
    with ours, theirs:
        theirs.setblocking(False)
        line = ReportLine(theirs)
        for _ in range(2000):
            line.tell(RECORD)
        assert line.dropped > 0


def test_the_last_words_of_a_worker_are_heard() -> None:
    ours, theirs = report_line.pair()
    heard: list[LogRecord] = []
    with ours, theirs:
        ReportLine(theirs).tell(RECORD)
        WorkerWatch("ctp", trades=True, heard=heard.append).drain(ours)
    assert heard == [RECORD]


@pytest.mark.parametrize("said", [None, "", "x", "9999"])
def test_without_a_supervisor_nothing_is_told(said: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(report_line.VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(report_line.VARIABLE, said)
    line = ReportLine.inherited()
    assert report_line.VARIABLE not in os.environ
    line.tell(RECORD)
    assert line.dropped == 0
