"""Answers about the past: each ends within its time, says how far it came, and gives up what nobody waits for."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from marketbus.application import history
from marketbus.application.history import History, Told
from marketbus.domain.bar import Bar, Interval
from marketbus.domain.errors import BadRequest, GatewayError, MarketBusError, NotSupported
from marketbus.domain.history import LATEST, HistoryPart, HistoryRequest, Progress
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.times import NS
from tests.unit.application.fakes import FakeClock

RB = Instrument("rb2701", Exchange.SHFE)
START = 1_700_000_000 * NS
HOUR = 3600 * NS
REQUEST = HistoryRequest(RB, Interval.MINUTE, START, START + HOUR)


def bars(count: int) -> list[Bar]:
    return [Bar("g", *RB, START + number * 60 * NS, Interval.MINUTE) for number in range(count)]


class Source:
    """Gives its parts, an error where one stands; `slow` seconds before each."""

    def __init__(self, *parts: HistoryPart | MarketBusError, slow: float = 0.0) -> None:
        self.parts = parts
        self.slow = slow
        self.asked: list[HistoryRequest] = []
        self.closed = 0

    async def query_history(self, request: HistoryRequest) -> AsyncGenerator[HistoryPart]:
        self.asked.append(request)
        try:
            for part in self.parts:
                await asyncio.sleep(self.slow)
                if isinstance(part, MarketBusError):
                    raise part
                yield part
        finally:
            self.closed += 1


def desk(source: Source | None, clock: FakeClock | None = None) -> History:
    clock = clock or FakeClock()
    return History("g", source, clock, clock)


async def told(source: Source, request: HistoryRequest = REQUEST, clock: FakeClock | None = None) -> list[Told]:
    return [each async for each in desk(source, clock).answer(request)]


async def test_parts_come_as_they_are_and_at_last_that_this_is_all() -> None:
    source = Source(HistoryPart(bars(3), START + HOUR // 2), HistoryPart((), START + HOUR))
    assert await told(source) == [bars(3), Progress(START + HOUR, complete=True)]
    assert source.closed == 1


async def test_no_end_is_the_markets_now() -> None:
    source, clock = Source(), FakeClock()
    clock.ns = START + 5 * NS
    await told(source, HistoryRequest(RB, Interval.MINUTE, START, 0), clock)
    assert source.asked[0].end == START + 5 * NS


async def test_a_pause_that_is_longer_than_the_answer_may_take_is_spent_by_who_asked() -> None:
    source = Source(HistoryPart(bars(3), START + 180 * NS), HistoryPart((), START + 180 * NS, 500.0))
    assert await told(source) == [bars(3), Progress(START + 180 * NS, 500.0)]
    assert source.closed == 1
    short = Source(HistoryPart((), START, 2.0), HistoryPart(bars(1), START + HOUR))
    assert await told(short) == [bars(1), Progress(START + HOUR, complete=True)]


async def test_an_answer_ends_when_it_has_enough_or_took_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [HistoryPart(bars(10), START + number * NS) for number in range(1, 5)]
    with monkeypatch.context() as patch:
        patch.setattr(history, "MOST", 15)
        assert await told(Source(*parts)) == [bars(10), bars(10), Progress(START + 2 * NS)]
        last = [*parts[:1], HistoryPart(bars(10), REQUEST.end)]
        assert (await told(Source(*last)))[-1] == Progress(REQUEST.end, complete=True)
    clock = FakeClock()
    answer = desk(Source(*parts), clock).answer(REQUEST)
    assert await anext(answer) == bars(10)
    clock.seconds += history.ANSWER
    assert [each async for each in answer] == [Progress(START + NS)]


async def test_who_waits_hears_that_it_is_still_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BEAT", 0.01)
    said = await told(Source(HistoryPart(bars(1), START + HOUR), slow=0.05))
    assert said[0] == Progress(START)
    assert said[-1] == Progress(START + HOUR, complete=True)
    assert bars(1) in said


async def test_what_nobody_waits_for_is_given_up_at_the_venue() -> None:
    source = Source(HistoryPart(bars(1), START + HOUR), slow=60.0)
    past = desk(source)

    async def ask() -> None:
        async for _ in past.answer(REQUEST):
            pass

    asking = [asyncio.create_task(ask()) for _ in range(history.AT_ONCE)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [each async for each in past.answer(REQUEST)] == [Progress(START, history.BUSY)]
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    await asyncio.sleep(0)
    assert source.closed == history.AT_ONCE
    source.slow = 0.0
    await ask()


async def test_what_the_venue_refuses_is_told_in_its_words() -> None:
    source = Source(HistoryPart(bars(1), START + NS), GatewayError("[162] no permissions"))
    answer = desk(source).answer(REQUEST)
    assert await anext(answer) == bars(1)
    with pytest.raises(GatewayError, match="no permissions"):
        await anext(answer)
    assert source.closed == 1


@pytest.mark.parametrize(
    ("interval", "start", "end", "error"),
    [
        (Interval.UNKNOWN, START, START + NS, BadRequest),
        (Interval.MINUTE, START, START, BadRequest),
        (Interval.MINUTE, START, START - 1, BadRequest),
        (Interval.SECOND, START, START + 600_001 * NS, BadRequest),
        (Interval.DAILY, 0, LATEST, None),
        (Interval.SECOND, 0, LATEST, BadRequest),
        (Interval.MINUTE, START, LATEST + 1, BadRequest),
        (Interval.TICK, START, START + 24 * HOUR, None),
        (Interval.TICK, START, START + 24 * HOUR + 1, BadRequest),
    ],
)
async def test_hostile_spans_never_reach_the_venue(
    interval: Interval, start: int, end: int, error: type[MarketBusError] | None
) -> None:
    source = Source()
    request = HistoryRequest(RB, interval, start, end)
    if error is None:
        assert await told(source, request) == [Progress(end, complete=True)]
        return
    with pytest.raises(error):
        await told(source, request)
    assert not source.asked
    with pytest.raises(NotSupported, match="'g' has no history"):
        await anext(desk(None).answer(request))
