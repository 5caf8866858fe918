"""Exchange time and trading day at night, when each exchange fills CTP's date fields in its own way."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from marketbus import TickFlag
from tests.system import Recorder, System, eventually

INSTRUMENTS = ("au2702.SHFE", "rb2701.SHFE", "sc2701.INE", "m2701.DCE", "SA701.CZCE", "IF2612.CFFEX")
ALL_NIGHT = {"au2702", "sc2701"}
EVENING = ALL_NIGHT | {"rb2701", "m2701", "SA701"}
DAY = EVENING | {"IF2612"}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    begin = datetime.fromisoformat("2026-11-19T21:00:30+08:00")
    with System(tmp_path_factory.mktemp("night"), {"start": begin, "rate": 0}) as system:
        system.worker(*INSTRUMENTS, schedule="never")  # one process sees all these moments
        yield system


# Hand-written; 2026-11-19 is a Thursday. Trading day by the exchanges' rules: the night belongs to the next one.
@pytest.mark.parametrize(
    ("moment", "day", "trading"),
    [
        pytest.param("2026-11-19T21:30:00", 20261120, EVENING, id="Thursday evening"),
        pytest.param("2026-11-20T00:30:00", 20261120, ALL_NIGHT, id="after midnight"),
        pytest.param("2026-11-20T10:45:00", 20261120, DAY, id="Friday morning"),
        pytest.param("2026-11-20T22:10:00", 20261123, EVENING, id="Friday evening belongs to Monday"),
        pytest.param("2026-11-21T01:10:00", 20261123, ALL_NIGHT, id="Saturday after midnight belongs to Monday"),
        pytest.param("2026-11-23T14:59:00", 20261123, DAY, id="Monday afternoon"),
    ],
)
async def test_ticks_carry_the_real_time_and_the_right_trading_day(
    night: System, moment: str, day: int, trading: set[str]
) -> None:
    now = datetime.fromisoformat(f"{moment}+08:00")
    async with night.connect() as bus:
        await night.ready(bus)
        await eventually(lambda: len(night.lab.subscribed) == len(INSTRUMENTS), "the subscriptions")
        night.lab.control.clock(start=now)
        ns = int(now.timestamp()) * 10**9
        await night.until(bus, lambda s: 0 <= (s.market_time or 0) - ns < 5 * 10**9, "the market's new time")
        seen = Recorder()
        async with await seen.follow(bus, *INSTRUMENTS):
            night.lab.control.burst(3 * len(trading))
            await eventually(lambda: len(seen.live) == 3 * len(trading), "the burst")
    assert {tick.symbol for tick in seen.live} == trading
    for tick in seen.live:
        assert tick.trading_day == day
        assert timedelta(0) <= tick.time - now < timedelta(seconds=10)
        assert tick.flags == TickFlag.SIMULATED  # in session, and no date had to be guessed
        assert abs(time.time_ns() - tick.received) < 10**10
    for symbol in trading:
        newest = [tick for tick in seen.live if tick.symbol == symbol][-1]
        raw, at = night.lab.market(symbol)
        assert newest.volume == raw.volume[0]
        assert newest.time == at.replace(microsecond=at.microsecond // 1000 * 1000)
