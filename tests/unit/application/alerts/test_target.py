"""One target: its filter, its pace, its second attempts."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace

from marketbus.application.alerts.allowance import Allowance
from marketbus.application.alerts.target import KEPT, Target, Wants
from marketbus.application.alerts.words import Words
from marketbus.domain.alert import Alert, Severity
from marketbus.domain.status import Level
from marketbus.ports.notifier import NotDelivered
from tests.system.poll import eventually
from tests.unit.application.alerts.told import Hands


class Box:
    """A mailbox that refuses the first so many."""

    name = "box-0"

    def __init__(self, refuses: int = 0) -> None:
        self.got: list[tuple[str, str, Severity, bool]] = []
        self.refuses = refuses
        self.asked = 0

    async def send(self, title: str, body: str, severity: Severity, *, over: bool = False) -> None:
        self.asked += 1
        if self.asked <= self.refuses:
            raise NotDelivered("HTTP 500")
        self.got.append((title, body, severity, over))


class Said:
    """What the target logs."""

    def __init__(self) -> None:
        self.records: list[tuple[str, dict[str, Any]]] = []

    def log(self, level: Level, code: str, **fields: Any) -> None:
        self.records.append((code, fields))


def alert(code: str = "kill.on", gateway: str = "ctp", severity: Severity = Severity.CRITICAL) -> Alert:
    return Alert(code, gateway, severity, 0, {"principal": "li", "orders": 1})


@asynccontextmanager
async def running(
    box: Box, log: Said | None = None, *, clock: Hands | None = None, **wants: Any
) -> AsyncGenerator[Target]:
    clock = clock or Hands()
    target = Target(
        box,
        Wants(wants.get("least", Severity.WARNING), frozenset(wants.get("gateways", ()))),
        Words("en", "h"),
        (Allowance(clock, at_once=2, every=10.0), Allowance(clock, at_once=100, every=1.0)),
        log or Said(),
        settle=0.01,
        retries=(0.01, 0.01),
    )
    task = asyncio.create_task(target.run())
    try:
        yield target
        target.end()
        async with asyncio.timeout(5):
            await task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_it_hears_what_it_asked_for() -> None:
    box = Box()
    async with running(box, least=Severity.CRITICAL, gateways=["ctp"]) as target:
        target.put(alert(severity=Severity.WARNING))
        target.put(alert(gateway="other"))
        target.put(alert("supervisor.worker_ended", gateway="nats-server"))
        await eventually(lambda: box.got, "the one")
    assert [title for title, *_ in box.got] == ["marketbus [CRITICAL] nats-server"]
    assert target.outcomes == {"sent": 1, "summarised": 0, "failed": 0}


async def test_a_flood_becomes_one_message_with_counts_and_takes_no_more_memory() -> None:
    box, clock = Box(), Hands()
    async with running(box, clock=clock) as target:
        for _ in range(10_000):
            target.put(alert("order.unknown", severity=Severity.WARNING))
        target.put(alert())
        await eventually(lambda: box.got, "the flood")
        target.put(alert())
        await eventually(lambda: len(box.got) == 2, "one more")
        target.put(alert())
        target.put(alert())
        await asyncio.sleep(0.1)  # nothing shall come: the allowance is used up
        assert len(box.got) == 2
    assert len(box.got) == 3  # at the end what waits is sent, as one
    assert [title.split("] ")[1] for title, *_ in box.got] == ["10001 alerts", "ctp", "2 alerts"]
    assert "KILL by li" in box.got[0][1].splitlines()[0]  # the worst was not pushed out
    assert target.outcomes == {"sent": KEPT + 3, "summarised": 10_001 - KEPT, "failed": 0}


async def test_a_message_is_as_severe_as_what_is_still_wrong() -> None:
    box = Box()
    async with running(box) as target:
        target.put(replace(alert("kill.released"), lasted=3.0))
        target.put(alert("order.unknown", severity=Severity.WARNING))
        await eventually(lambda: box.got, "both as one")
        target.put(replace(alert("kill.released"), lasted=3.0))
        await eventually(lambda: len(box.got) == 2, "the end alone")
    assert [(severity, over) for *_, severity, over in box.got] == [
        (Severity.WARNING, False),
        (Severity.CRITICAL, True),
    ]


async def test_it_tries_again() -> None:
    box, log = Box(refuses=2), Said()
    async with running(box, log) as target:
        target.put(alert())
        await eventually(lambda: box.got, "the third attempt")
    assert target.outcomes["sent"] == 1
    assert not log.records


async def test_what_does_not_arrive_is_counted_logged_and_told_by_the_next_that_does() -> None:
    box, log = Box(refuses=3), Said()
    async with running(box, log) as target:
        target.put(alert())
        await eventually(lambda: target.outcomes["failed"], "given up")
        target.put(alert())
        await eventually(lambda: box.got, "the next")
    assert log.records == [("alerts.not_sent", {"target": "box-0", "count": 1, "why": "HTTP 500"})]
    assert "1 alerts before did not arrive" in box.got[0][1]


async def test_at_the_end_nothing_is_tried_twice() -> None:
    box = Box(refuses=99)
    async with running(box) as target:
        target.put(alert())
        target.end()
    assert box.asked == 1
    assert target.outcomes["failed"] == 1


def test_an_allowance_comes_back_with_time_and_not_beyond_its_most() -> None:
    clock = Hands()
    allowance = Allowance(clock, at_once=2, every=10.0)
    for _ in range(2):
        assert allowance.wait() == 0
        allowance.take()
    assert allowance.wait() == 10
    clock.at += 4
    assert allowance.wait() == 6
    clock.at += 1000
    allowance.take()
    allowance.take()
    assert allowance.wait() == 10
