"""Ticks taken past Python are byte for byte those that go through it, whatever the venue sends."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import SHANGHAI, from_datetime
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.direct import build
from marketbus.lab.kinds import COUNTERS
from tests.system import past_python
from tests.unit.gateways.direct import Records, Twins, contracts, shape

STRUCTS = int(os.environ.get("MARKETBUS_DIRECT_STRUCTS", "4000"))
"""More of them, under sanitizers, in `make native-test`."""
NOW = datetime(2026, 11, 20, 9, 30, 5, tzinfo=SHANGHAI)

pytestmark = pytest.mark.skipif(build.shared_headers() is None, reason="the accelerator is not installed")


@pytest.fixture(params=["ctp", "sopt"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return past_python.DIALECTS[request.param]


@pytest.fixture
def twins(dialect: Dialect) -> Iterator[Twins]:
    lab = COUNTERS[dialect.kind]
    library = past_python.ensure(lab)
    assert library is not None
    subject = Twins(dialect, library, shape(lab))
    yield subject
    subject.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_random_and_hostile_records(twins: Twins, seed: int) -> None:
    records = Records(Random(f"{seed} {STRUCTS}"), twins.shape)
    taken = sum(twins.same(*records.next()) is not None for _ in range(STRUCTS))
    assert STRUCTS / 2 < taken < STRUCTS
    assert twins.ticks.count == twins.market_data.count == taken
    assert {each.vt_symbol: each for each in twins.ticks.newest()} == {
        each.vt_symbol: each for each in twins.market_data.newest()
    }
    assert twins.ticks.last_received == twins.market_data.last_received


def records(twins: Twins, at: datetime, count: int, **fields: Any) -> list[bytes]:
    """Of one instrument, each with one lot more than the one before."""
    plain = {"InstrumentID": "rb2701", "TradingDay": "20261120", "ActionDay": "20261120", "LastPrice": 3100.0}
    plain |= {"UpdateTime": f"{at:%H:%M:%S}", "UpdateMillisec": 500} | fields
    return [twins.shape.pack(plain | {"Volume": 10 + number}) for number in range(count)]


def test_python_is_asked_once_about_an_instrument_and_a_session(twins: Twins) -> None:
    minute = timedelta(minutes=1)
    for step in range(6 * 60):  # 09:00 to 15:00, over both breaks
        at = NOW.replace(hour=9, minute=0) + step * minute
        for record in records(twins, at, 3):
            assert twins.same(record, from_datetime(at), from_datetime(at)) is not None
    assert twins.core.counters().asked == 1


def test_a_contract_that_is_listed_otherwise_is_asked_about_again(twins: Twins) -> None:
    now = from_datetime(NOW)
    (record,) = records(twins, NOW, 1, AveragePrice=31_000.0)
    assert twins.same(record, now, now) is not None
    other = [msgspec.structs.replace(each, name="别名", size=100.0) for each in contracts() if each.symbol == "rb2701"]
    for symbols in twins.symbols:
        symbols.list(other)
    tick = twins.same(record, now, now)
    assert tick is not None
    assert tick.name == "别名"
    for symbols in twins.symbols:
        symbols.list(other)
    twins.same(record, now, now)
    assert twins.core.counters().asked == 2


def test_a_snapshot_that_only_answers_us_is_counted_as_that(twins: Twins) -> None:
    now = from_datetime(NOW)
    instrument = Instrument("rb2701", Exchange.SHFE)
    first, second = records(twins, NOW, 2)
    twins.same(first, now, now)
    for table in (twins.ticks, twins.market_data):
        table.expect_repeat(instrument, now)
    for record in (first, first, second, second):
        twins.same(record, now, now)
    assert (twins.ticks.repeats, twins.ticks.count) == (twins.market_data.repeats, twins.market_data.count) == (3, 2)
    late = now + 6 * 10**9
    twins.same(second, late, now)  # nobody asked so long ago
    assert (twins.ticks.repeats, twins.ticks.count) == (twins.market_data.repeats, twins.market_data.count) == (3, 3)
    assert twins.ticks.seq(instrument) == twins.market_data.seq(instrument) == 3


def test_nothing_is_known_of_an_instrument_that_was_not_heard_of(twins: Twins) -> None:
    stranger = Instrument("cu2701", Exchange.SHFE)
    assert (twins.ticks.last(stranger), twins.ticks.seq(stranger), twins.ticks.newest()) == (None, 0, [])
    assert twins.ticks.last_received is None


def test_delays_are_counted_inside_sessions_only(twins: Twins) -> None:
    now = from_datetime(NOW)
    night = NOW.replace(hour=3, minute=0)
    for at, count in ((NOW, 20), (night, 20)):
        for record in records(twins, at, count):
            tick = twins.same(record, now, from_datetime(at))
            assert tick is not None
            assert bool(tick.flags & TickFlag.OUT_OF_SESSION) == (at is night)
    assert twins.ticks.from_venue().count == 2
