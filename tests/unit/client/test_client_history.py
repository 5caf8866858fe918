"""The past, asked for answer by answer."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import marketbus
from marketbus import BadRequest, Bar, Interval, SymbolError
from marketbus.client.history import When
from marketbus.domain.history import Progress, TickKind
from marketbus.domain.times import NS
from tests.unit.client.fakes import Exchange, Server, running_server, working

START = 1_795_017_600 * NS  # 2026-11-19 00:00 in Shanghai
END = START + 3600 * NS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


def bar(minute: int) -> Bar:
    return Bar("g", "AAPL-USD-STK", Exchange.SMART, START + 60 * minute * NS, Interval.MINUTE, close_price=1.0 + minute)


async def test_a_long_history_is_asked_for_until_it_is_whole(server: Server) -> None:
    async with working(server.url, "g", "AAPL-USD-STK.SMART") as worker, marketbus.connect(server.url) as bus:
        worker.history_answers = [
            [Progress(START), bar(0), bar(1), Progress(bar(2).datetime)],
            [Progress(bar(2).datetime, 0.3)],
            [bar(2), Progress(END, complete=True)],
        ]
        pauses: list[float] = []
        bars = await bus.query_history("SMART.AAPL-USD-STK", "1m", START, END, on_wait=pauses.append)
        assert list(bars) == [bar(0), bar(1), bar(2)]
        assert [each.start for each in worker.history_asked] == [START, bar(2).datetime, bar(2).datetime]
        assert {(each.symbol, each.interval, each.end) for each in worker.history_asked} == {
            ("AAPL-USD-STK.SMART", Interval.MINUTE, END)
        }
        assert pauses == [0.3]
        assert list(bars.to_frame()["close_price"]) == [1.0, 2.0, 3.0]
        assert str(bars.to_frame()["datetime"][0]) == "2026-11-19 00:00:00+08:00"

        worker.history_answers = [[worker.make("AAPL-USD-STK.SMART"), Progress(END, complete=True)]]
        (tick,) = await bus.query_ticks("AAPL-USD-STK.SMART", START, kind="quotes")
        assert tick.last_price == 1.0
        asked = worker.history_asked[-1]
        assert (asked.interval, asked.ticks, asked.end) == (Interval.TICK, TickKind.QUOTES, 0)


@pytest.mark.parametrize(
    "when",
    [
        START,
        date(2026, 11, 19),
        datetime(2026, 11, 19),
        datetime(2026, 11, 18, 16, tzinfo=UTC),
        "2026-11-19",
        "2026-11-19 00:00",
        "2026-11-18T16:00:00Z",
    ],
)
async def test_times_are_written_in_any_way(server: Server, when: When) -> None:
    async with working(server.url, "g", "AAPL-USD-STK.SMART") as worker, marketbus.connect(server.url) as bus:
        worker.history_answers = [[Progress(END, complete=True)]]
        assert await bus.query_history("AAPL-USD-STK.SMART", "1m", when) == []
        assert worker.history_asked[0].start == START


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"start": "yesterday"}, BadRequest),
        ({"end": "2026-13-01"}, BadRequest),
        ({"start": -1}, BadRequest),
        ({"start": datetime.min.replace(tzinfo=UTC) + timedelta(days=1)}, BadRequest),
        ({"interval": "tick"}, BadRequest),
        ({"symbol": "AAPL"}, SymbolError),
    ],
)
async def test_what_means_nothing_is_not_sent(server: Server, wrong: dict[str, Any], error: type[Exception]) -> None:
    async with marketbus.connect(server.url) as bus:
        given: dict[str, Any] = {"symbol": "AAPL-USD-STK.SMART", "interval": "1m", "start": START} | wrong
        with pytest.raises(error):
            await bus.query_history(**given)
        with pytest.raises(BadRequest, match="no ticks of kind"):
            await bus.query_ticks("AAPL-USD-STK.SMART", START, kind="depth")
