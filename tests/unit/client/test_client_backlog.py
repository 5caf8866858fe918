"""The bounded queue before a consumer: oldest first to go, and an account of what went."""

import asyncio
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from marketbus.client.backlog import Backlog
from marketbus.client.gap import Gap, GapCause
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick, TickFlag


def tick(symbol: str, seq: int) -> Tick:
    return Tick("ctp", symbol, Exchange.SHFE, 0, 0, 1, seq)


async def taken(backlog: Backlog) -> list[Tick | Gap]:
    return [await backlog.get() for _ in range(len(backlog))] if len(backlog) else []


async def drained(backlog: Backlog) -> list[Tick | Gap]:
    backlog.end()
    return await backlog.batch(1_000_000)


async def test_the_oldest_give_way_and_the_gap_stands_where_they_were() -> None:
    gaps: list[Gap] = []
    backlog = Backlog(10, gaps.append, inline=True)
    for seq in range(1, 14):
        backlog.push(tick("rb2701", seq))
    out = await drained(backlog)
    assert isinstance(out[0], Gap)
    assert (out[0].cause, out[0].missed, out[0].first, out[0].last) == (GapCause.SLOW_CONSUMER, 3, 1, 3)
    assert [one.seq for one in out[1:] if isinstance(one, Tick)] == list(range(4, 14))
    assert gaps == [out[0]]


async def test_a_quiet_instrument_that_gave_way_still_shows_its_last_value() -> None:
    backlog = Backlog(5, lambda _: None)
    backlog.push(tick("quiet", 7))
    for seq in range(1, 9):
        backlog.push(tick("loud", seq))
    first = (await drained(backlog))[0]
    assert isinstance(first, Tick)
    assert (first.symbol, first.seq) == ("quiet", 7)
    assert first.flags & TickFlag.SNAPSHOT


async def test_conflated_only_the_latest_is_left() -> None:
    backlog = Backlog(5, lambda _: None, conflate=True)
    for seq in range(1, 9):
        backlog.push(tick("a", seq))
        backlog.push(tick("b", seq))
    assert [(one.symbol, one.seq) for one in await drained(backlog) if isinstance(one, Tick)] == [("a", 8), ("b", 8)]


@given(st.lists(st.sampled_from("abc"), max_size=200), st.integers(1, 20), st.sets(st.integers(0, 200)))
def test_every_tick_is_delivered_or_accounted_for(order: list[str], limit: int, pauses: set[int]) -> None:
    gaps: list[Gap] = []
    got: dict[str, list[int]] = defaultdict(list)
    sent: dict[str, int] = defaultdict(int)

    async def scenario() -> None:
        backlog = Backlog(limit, gaps.append)

        async def take() -> None:
            for one in await taken(backlog):
                assert isinstance(one, Tick)
                got[one.symbol].append(one.seq)

        for step, symbol in enumerate(order):
            sent[symbol] += 1
            backlog.push(tick(symbol, sent[symbol]))
            if step in pauses:
                await take()
        for one in await drained(backlog):
            assert isinstance(one, Tick)
            got[one.symbol].append(one.seq)

    asyncio.run(scenario())
    for symbol, count in sent.items():
        missed = sum(gap.missed or 0 for gap in gaps if gap.symbol == symbol)
        assert got[symbol] == sorted(set(got[symbol]))
        assert len(got[symbol]) + missed == count
        assert got[symbol][-1] == count, "the newest always arrives"
