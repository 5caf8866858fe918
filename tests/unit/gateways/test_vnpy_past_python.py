"""A hosted gateway's ticks by way of the accelerator: byte for byte what the Python way makes of them."""

import datetime as dt
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.object import TickData

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.hours import cn_hours
from marketbus.adapters.nats.frames import TickFrames
from marketbus.application.market_data import MarketData
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.market_calendar import LATE, MarketCalendar
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS, SHANGHAI, from_datetime
from marketbus.domain.trading_hours import TradingHours
from marketbus.gateways.native_ticks import NativeTicks
from marketbus.gateways.vnpy import past_python
from marketbus.gateways.vnpy.gateway import VnpyGateway
from marketbus.gateways.vnpy.past_python import VnpyTicks
from marketbus.gateways.vnpy.session_marks import Marks, SessionMarks
from marketbus.ports.gateway import GatewayContext, GatewaySpec, SessionChanged
from marketbus.vnpy_types.market import tick_from_vnpy
from marketbus.wire import codec
from marketbus.wire.native import native, tick_queue
from tests.unit.application.fakes import FakeTicks
from tests.unit.gateways.sink import FakeSink
from tests.unit.gateways.test_vnpy_hosted import Foreign

module = native().module
pytestmark = pytest.mark.skipif(module is None, reason=native().words)

MARKET = MarketCalendar(TradingCalendar(lambda _: False, lambda _: True), TradingHours(cn_hours()))
EPOCH = 7
MORNING = dt.datetime(2026, 11, 20, 9, 30, tzinfo=SHANGHAI)
NUMBERS = [
    "volume", "turnover", "open_interest", "last_price", "last_volume", "limit_up", "limit_down", "open_price",
    "high_price", "low_price", "pre_close",
    *(f"{side}_{kind}_{level}" for side in ("bid", "ask") for kind in ("price", "volume") for level in range(1, 6)),
]  # fmt: skip


class Twins:
    """Both ways for the same ticks."""

    def __init__(self) -> None:
        assert module is not None
        self.queue = tick_queue(module, 1 << 26, 10.0)
        self.asked = 0
        self.rejects: list[tuple[str, str, str]] = []
        self._marks = SessionMarks(MARKET), SessionMarks(MARKET)
        self._market_data = MarketData(EPOCH, FakeTicks())
        self._frames = TickFrames()
        self.native = VnpyTicks("x", EPOCH, self.queue.sink(), self._translate, self._reject)
        self.ticks = NativeTicks(self.native)

    def _reject(self, cause: str, symbol: str, detail: str) -> None:
        self.rejects.append((cause, symbol, detail))

    def _known(self, data: TickData, received: int, way: int) -> tuple[Tick, Marks] | None:
        try:
            instant = from_datetime(data.datetime)
            marks = self._marks[way].marks(data.symbol, data.exchange, instant, received)
            return tick_from_vnpy(data, received, marks.trading_day, marks.flags), marks
        except (ValueError, TypeError, AttributeError, OverflowError, KeyError):
            return None

    def _translate(self, data: TickData, received: int) -> tuple[Tick, Marks] | None:
        self.asked += 1
        return self._known(data, received, 1)

    def same(self, data: TickData, received: int) -> bytes:
        """Give it to both; the message, empty where it is refused."""
        known = self._known(data, received, 0)
        wanted = b""
        if known is not None and -(2**63) <= known[0].datetime < 2**63:
            self._market_data.tick(known[0])
            wanted = self._frames.frame(known[0])[1]
            instrument = known[0].instrument
            self.native.take_at(data, received)
            assert codec.encode(self.ticks.last(instrument)) == codec.encode(known[0])
            assert self.ticks.seq(instrument) == self._market_data.seq(instrument)
        else:
            self.native.take_at(data, received)
        taken = self.queue.take()
        assert (b"" if taken is None else taken[0]) == wanted, vars(data)
        assert (self.ticks.count, self.ticks.last_received) == (
            self._market_data.count,
            self._market_data.last_received,
        )
        return wanted


@pytest.fixture
def twins() -> Iterator[Twins]:
    twins = Twins()
    yield twins
    twins.queue.stop()


def tick_data(symbol: str = "rb2701", moment: Any = MORNING, **fields: Any) -> TickData:
    data = TickData(gateway_name="x", symbol=symbol, exchange=VnpyExchange.SHFE, datetime=moment, name="螺纹钢")
    vars(data).update(dict.fromkeys(NUMBERS, 1.5) | {"last_price": 3100.0} | fields)
    return data


PLAIN: Any = st.floats(-1e9, 1e9) | st.integers(-100, 10**15) | st.just(0)
ODD: Any = (
    st.floats()
    | st.sampled_from([sys.float_info.max, -sys.float_info.max, -0.0, 10**400, True, None, "3", Decimal(3), b""])
    | st.builds(np.float64, st.floats())
    | st.builds(np.int64, st.integers(-5, 5))
)
ZONES: Any = st.sampled_from(
    [None, SHANGHAI, ZoneInfo("Asia/Shanghai"), dt.UTC, ZoneInfo("UTC"), ZoneInfo("US/Eastern")]
)
MOMENTS: Any = st.datetimes(dt.datetime(2026, 11, 20), dt.datetime(2026, 11, 21), timezones=ZONES)
FAR: Any = st.datetimes(timezones=ZONES) | st.sampled_from([None, "2026-11-20", dt.date(2026, 11, 20), 0])
TEXTS = st.sampled_from(["rb2701", "SPD RM501&RM503", "IF2612", "黄金"])
EXCHANGES = st.sampled_from([VnpyExchange.SHFE, VnpyExchange.CZCE, VnpyExchange.SMART])
ODD_NAMES: Any = st.sampled_from([None, np.str_("铜"), 5])
NAMES = st.sampled_from(["", "螺纹钢2701", "a" * 40, "".join(("螺", "纹"))])


@st.composite
def venue(draw: st.DrawFn) -> TickData:
    """Mostly what a venue sends, at times what none should."""
    odd = draw(st.integers(0, 9)) == 0
    numbers = {name: draw(PLAIN | ODD if odd else PLAIN) for name in NUMBERS}
    data = TickData(
        gateway_name="x",
        symbol=draw(TEXTS),
        exchange=draw(EXCHANGES),
        datetime=draw(FAR if odd else MOMENTS),
        name=draw(NAMES | ODD_NAMES if odd else NAMES),
    )
    numbers["volume"] = (
        abs(numbers["volume"]) if not odd and not isinstance(numbers["volume"], str) else numbers["volume"]
    )
    if odd and draw(st.booleans()):
        for name in draw(st.sets(st.sampled_from(NUMBERS), max_size=2)):
            del vars(data)[name]
            numbers.pop(name)
    vars(data).update(numbers)
    return data


@given(st.lists(st.tuples(venue(), st.integers(-3, 30)), min_size=1, max_size=12))
def test_both_make_the_same_of_whatever_a_gateway_says(said: list[tuple[TickData, int]]) -> None:
    twins = Twins()
    for data, minutes in said:
        said_at: Any = data.datetime
        moment = said_at if isinstance(said_at, dt.datetime) else MORNING
        at = moment if 1970 < moment.year < 2200 else MORNING
        received = from_datetime(at) + minutes * 60 * NS
        twins.same(data, received)
    twins.queue.stop()


def test_python_is_asked_once_per_instrument_and_session(twins: Twins) -> None:
    for second in range(50):
        moment = MORNING + dt.timedelta(seconds=second)
        for symbol in ("rb2701", "rb2705"):
            twins.same(tick_data(symbol, moment, volume=second), from_datetime(moment))
    assert twins.asked == 2
    afternoon = MORNING.replace(hour=13, minute=45)
    for second in range(3):
        moment = afternoon + dt.timedelta(seconds=second)
        twins.same(tick_data("rb2701", moment), from_datetime(moment))
    assert twins.asked == 3
    assert twins.same(tick_data("rb2701", afternoon), from_datetime(afternoon) + 4 * LATE + 8 * 3600 * NS)
    assert twins.asked == 4, "so long after its end a session is over"


def test_it_is_asked_for_what_only_python_knows(twins: Twins) -> None:
    twins.same(tick_data(), from_datetime(MORNING))
    for odd in (
        tick_data(last_price=Decimal(3)),
        tick_data(moment=MORNING.astimezone(ZoneInfo("US/Eastern"))),
        tick_data(volume=float("nan")),
        tick_data(name=np.str_("铜")),
    ):
        before = twins.asked
        twins.same(odd, from_datetime(MORNING))
        assert twins.asked == before + 1, vars(odd)


def test_a_tick_may_keep_its_fields_in_another_order(twins: Twins) -> None:
    for _ in range(2):
        for backwards in (False, True):
            data = tick_data()
            fields = vars(data).copy()
            vars(data).clear()
            vars(data).update({name: fields[name] for name in sorted(fields, reverse=backwards)})
            assert twins.same(data, from_datetime(MORNING))
    assert twins.asked == 1


@pytest.mark.parametrize(
    "data",
    [tick_data(name="\ud800"), tick_data("\ud800"), tick_data(moment=dt.datetime(9999, 1, 1, tzinfo=dt.UTC))],
    ids=["name", "symbol", "time"],
)
def test_what_no_encoding_can_carry_is_rejected(twins: Twins, data: TickData) -> None:
    twins.native.take_at(data, from_datetime(MORNING))
    assert [cause for cause, *_ in twins.rejects] == ["unencodable"]
    assert (twins.queue.take(), twins.ticks.count) == (None, 0)


def test_an_object_that_is_no_tick_is_rejected_like_one(twins: Twins) -> None:
    nothing: tuple[Any, ...] = (None, 5, object(), {})
    for odd in nothing:
        twins.native.take_at(odd, 0)
    assert (twins.asked, twins.ticks.count) == (4, 0)


def test_an_answer_to_us_is_no_tick(twins: Twins) -> None:
    moment, rb = from_datetime(MORNING), Instrument("rb2701", Exchange.SHFE)
    twins.native.take_at(tick_data(), moment)
    twins.ticks.expect_repeat(rb, moment)
    twins.native.take_at(tick_data(), moment + 1)
    assert (twins.ticks.count, twins.ticks.repeats) == (1, 1)
    twins.native.take_at(tick_data(volume=2.0), moment + 2)
    assert [tick.seq for tick in twins.ticks.newest()] == [2]


def test_the_way_from_the_venue_is_measured(twins: Twins) -> None:
    now = dt.datetime.now(SHANGHAI)
    for second in range(16):
        twins.native.take_at(tick_data(moment=now, volume=second), from_datetime(now))
    measured = sum(twins.ticks.from_venue().counts)
    flags = TickFlag(twins.ticks.newest()[0].flags)
    assert measured == (0 if TickFlag.OUT_OF_SESSION in flags else 2)


def test_threads_number_without_a_hole(twins: Twins) -> None:
    def run() -> None:
        for volume in range(500):
            twins.native.take_at(tick_data(volume=volume), from_datetime(MORNING))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers: list[int] = []
    while (taken := twins.queue.take()) is not None:
        for frame in taken[0].split(b"PUB ")[1:]:
            numbers.append(codec.decode(Tick, frame.partition(b"\r\n")[2].removesuffix(b"\r\n")).seq)
    assert numbers == list(range(1, 2001))


def test_what_differs_is_not_used(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    assert past_python.differences() == ""
    monkeypatch.setattr(past_python, "ZONES", ((None, 0), *past_python.ZONES[1:]))
    assert past_python.differences() == f"tick {len(past_python.ZONES) - 1}", "the first that it did not ask for"
    spec = GatewaySpec("x", "vnpy", "vendor", {}, native=True, class_path="foreign:Foreign")
    context = GatewayContext(FakeSink(), SystemClock(), MARKET, Path(), None, native_sink=twins.queue.sink())
    assert VnpyGateway(spec, context, Foreign).ticks_path == "python: native failed its self-test: tick 4"


def test_the_host_hands_them_over(twins: Twins) -> None:
    sink = FakeSink()
    spec = GatewaySpec("x", "vnpy", "vendor", {}, native=True, class_path="foreign:Foreign")
    hosts = [
        VnpyGateway(
            spec, GatewayContext(sink, SystemClock(), MARKET, Path(), None, epoch=EPOCH, native_sink=given), Foreign
        )
        for given in (twins.queue.sink(), None)
    ]
    assert [host.ticks_path for host in hosts] == ["native", "python: the accelerator is not in use"]
    assert hosts[1].ticks is None
    for host in hosts:
        host.gateway.on_tick(tick_data())
        host.gateway.on_tick(tick_data(volume=float("nan")))
    assert len(sink.of(SessionChanged)) == 4, "the first tick proves a login, either way"
    assert sink.rejects == [("bad_tick", "rb2701")] * 2
    assert hosts[0].ticks is not None
    (tick,) = hosts[0].ticks.newest()
    assert (tick.epoch, tick.seq) == (EPOCH, 1)
    other = replace(sink.ticks[0], received=tick.received, epoch=tick.epoch, seq=tick.seq)
    assert codec.encode(tick) == codec.encode(other)
