"""Several gateways for one feed: who serves, when that changes, and what a consumer sees of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.client.gap import Gap, GapCause
from marketbus.client.health import BEAT, HOLD, SILENT, Health
from marketbus.client.line import Outlet
from marketbus.client.options import preferred_of
from marketbus.client.plan import Share
from marketbus.client.relay import COMPARABLE, Relay, newer, pick
from marketbus.client.stats import Stats
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.session import Session, SessionState
from marketbus.domain.status import GatewayStatus
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS

RB, AU = Instrument("rb2701", Exchange.SHFE), Instrument("au2706", Exchange.SHFE)
A, B = "ctp-a", "ctp-b"
READY, STALE = SessionState.READY, SessionState.STALE


def status(gateway: str, state: SessionState = READY, epoch: int = 1) -> GatewayStatus:
    session = Session(state)
    return GatewayStatus(
        gateway, "fake", "fake", True, 0, epoch, 1, "host", 0, (), session, session, 1, 0, 0, 0, (), 0, 0.0, None,
        {}, {}, {},
    )  # fmt: skip


@dataclass
class Time:
    now: float = 0.0
    speaking: set[str] = field(default_factory=lambda: {A, B})

    def pass_by(self, health: Health, seconds: float, *, connected: bool = True) -> None:
        """Beats, and a report of each gateway that speaks at every second one."""
        for number in range(round(seconds / BEAT)):
            self.now += BEAT
            if connected and number % 2:
                for gateway in sorted(self.speaking):
                    health.heard(status(gateway))
            health.beat(connected=connected)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def health(time: Time) -> Health:
    made = Health((A, B), lambda: time.now)
    made.beat(connected=True)
    for gateway in (A, B):
        made.heard(status(gateway))
    return made


def test_a_gateway_that_says_it_is_not_ready_is_lost_at_once(health: Health) -> None:
    health.heard(status(A, STALE))
    assert not health.good(A)
    assert health.words(A) == "STALE"
    assert health.good(B)


def test_a_gateway_whose_reports_stop_is_lost_within_a_beat_of_its_time(health: Health, time: Time) -> None:
    time.speaking = {B}
    time.pass_by(health, SILENT - BEAT)
    assert health.good(A)
    time.pass_by(health, 2 * BEAT)
    assert not health.good(A)
    assert health.words(A) == "silent"
    assert health.good(B)


def test_nobody_is_blamed_for_what_we_could_not_hear(health: Health, time: Time) -> None:
    health.beat(connected=False)
    time.pass_by(health, 60, connected=False)
    health.beat(connected=True)
    time.now += 60  # a handler blocks the loop: no beat, no report
    health.beat(connected=True)
    assert health.good(A)
    assert health.good(B)


def test_a_gateway_is_steady_only_after_a_time_without_a_break(health: Health, time: Time) -> None:
    health.heard(status(A, STALE))
    health.heard(status(A))
    time.pass_by(health, HOLD - 2 * BEAT)
    assert health.good(A)
    assert not health.steady(A)
    health.heard(status(A, SessionState.UNKNOWN))  # a break, however short
    health.heard(status(A))
    time.pass_by(health, HOLD - 2 * BEAT)
    assert not health.steady(A)
    time.pass_by(health, 4 * BEAT)
    assert health.steady(A)


def test_a_new_process_is_not_steady_and_the_old_one_is_not_heard_any_more(health: Health, time: Time) -> None:
    time.pass_by(health, HOLD + 1)
    assert health.steady(A)
    health.heard(status(A, epoch=2))
    assert health.good(A)
    assert not health.steady(A)
    health.heard(status(A, STALE, epoch=1))  # a frozen worker that was replaced wakes
    assert health.good(A)
    assert health.epoch(A) == 2


def test_a_gateway_that_was_asked_in_vain_is_silent_until_it_reports(time: Time) -> None:
    health = Health((A, B), lambda: time.now)
    assert not health.silent(A)
    health.unheard(A)
    assert health.silent(A)
    assert health.ranked((A, B)) == (A, B)  # nobody knows anything of either
    health.heard(status(A, STALE))
    assert not health.silent(A)
    assert health.ranked((A, B)) == (B, A)


@dataclass
class Known:
    """What `pick` asks, as a table."""

    goods: set[str]
    steadies: set[str]

    def good(self, gateway: str) -> bool:
        return gateway in self.goods

    def steady(self, gateway: str) -> bool:
        return gateway in self.steadies


@pytest.mark.parametrize(
    ("serving", "good", "steady", "expected"),
    [
        (None, "ab", "", "a"),
        (None, "b", "", "b"),
        (None, "", "", "a"),
        ("a", "ab", "ab", "a"),
        ("a", "b", "", "b"),
        ("a", "bc", "c", "b"),
        ("a", "", "", "a"),
        ("b", "ab", "b", "b"),
        ("b", "ab", "ab", "a"),
        ("b", "a", "", "a"),
        ("b", "", "", "b"),
        ("c", "bc", "b", "b"),
        ("x", "b", "b", "b"),
        ("x", "", "", "a"),
    ],
)
def test_who_serves(serving: str | None, good: str, steady: str, expected: str) -> None:
    assert pick(tuple("abc"), serving, Known(set(good), set(steady))) == expected


def test_an_instrument_that_nobody_lists_stays_where_it_is() -> None:
    assert pick((), "a", Known(set(), set())) == "a"


DAY = 20261120


def tick(gateway: str, number: int, one: Instrument = RB, *, volume: float | None = None, day: int = DAY) -> Tick:
    """Number `number` of the market's ticks, two of them in each half second."""
    moment = number // 2 * NS // 2
    return Tick(
        gateway, one.symbol, one.exchange, moment, 0, 1, number + 1, day,
        volume=number if volume is None else volume,
    )  # fmt: skip


def test_later_in_the_market_is_by_time_then_volume() -> None:
    assert newer(tick(B, 3), tick(A, 1))
    assert newer(tick(B, 3), tick(A, 2))  # the same instant, more volume
    assert not newer(tick(B, 2), tick(A, 2))
    assert not newer(tick(B, 2), tick(A, 3))
    assert not newer(tick(B, 1), tick(A, 2))


def test_a_volume_that_goes_back_is_an_older_tick_whatever_the_time_says() -> None:
    assert not newer(tick(B, 9, volume=5), tick(A, 6))
    assert newer(tick(B, 9, volume=6), tick(A, 6))  # the book moved, nothing traded
    assert newer(tick(B, 9, volume=0, day=20261123), tick(A, 6))  # a new trading day begins at 0


def test_a_gateway_that_counts_volume_otherwise_is_kept_out_for_a_minute_only() -> None:
    late = 2 * 2 * (COMPARABLE // NS)
    assert not newer(tick(B, late, volume=1), tick(A, 6))
    assert newer(tick(B, late + 8, volume=1), tick(A, 6))


class Consumer:
    def __init__(self, health: Health, *, last_values: bool = True) -> None:
        self.seen: list[Tick | Gap] = []
        self.stats = Stats()
        outlet = Outlet(self.seen.append, self.seen.append)
        self.relay = Relay((A, B), health, outlet, self.stats, last_values=last_values)
        shares = [Share(gateway) for gateway in (A, B)]
        for share in shares:
            share.instruments = {RB: None, AU: None}
        self.relay.join(shares)
        self.outlets = {gateway: self.relay.outlet(gateway) for gateway in (A, B)}
        health.listeners.append(self.relay.judge)

    def line(self, one: Tick) -> None:
        """A line hands a tick over, and counts it."""
        self.stats.ticks += 1
        self.outlets[one.gateway].tick(one)

    @property
    def marks(self) -> list[tuple[str, str] | tuple[str, int] | tuple[str, int, str]]:
        """(gateway, number), with "last" for a last value, and (gateway, cause) of gaps."""
        return [
            (one.gateway, one.cause.value)
            if isinstance(one, Gap)
            else (one.gateway, one.seq - 1, "last")
            if one.flags & TickFlag.SNAPSHOT
            else (one.gateway, one.seq - 1)
            for one in self.seen
        ]


@pytest.fixture
def consumer(health: Health) -> Consumer:
    return Consumer(health)


def test_one_serves_and_the_other_is_set_aside(consumer: Consumer) -> None:
    for number in range(3):
        consumer.line(tick(B, number))
        consumer.line(tick(A, number))
    assert consumer.marks == [(A, 0), (A, 1), (A, 2)]
    assert (consumer.stats.ticks, consumer.stats.standby) == (3, 3)
    assert consumer.relay.serving() == (A,)


def test_when_it_is_lost_the_gap_comes_then_the_last_value_of_the_other_then_its_ticks(
    consumer: Consumer, health: Health
) -> None:
    consumer.line(tick(A, 0))
    consumer.line(tick(A, 0, AU))
    for number in range(5):
        consumer.line(tick(B, number))
    health.heard(status(A, STALE))
    consumer.line(tick(A, 5))
    consumer.line(tick(B, 5))
    # au: the other has nothing newer, so there is a gap and no value
    assert consumer.marks == [(A, 0), (A, 0), (B, "failover"), (B, 4, "last"), (B, "failover"), (B, 5)]
    gap = consumer.seen[2]
    assert gap == Gap(B, RB.symbol, RB.exchange, GapCause.FAILOVER, None, 1)
    assert consumer.relay.serving() == (B,)
    assert consumer.stats.failovers == 1
    assert consumer.stats.ticks == 4


def test_a_standby_that_lags_repeats_nothing(consumer: Consumer, health: Health) -> None:
    for number in range(6):
        consumer.line(tick(A, number))
    consumer.line(tick(B, 2))
    health.heard(status(A, STALE))
    for number in range(3, 8):
        consumer.line(tick(B, number))
    assert consumer.marks[6:] == [(B, "failover"), (B, 6), (B, 7)]
    assert consumer.stats.duplicates == 3


def test_it_returns_after_a_time_and_says_so(consumer: Consumer, health: Health, time: Time) -> None:
    consumer.line(tick(A, 0))
    health.heard(status(A, STALE))
    health.heard(status(A))
    consumer.line(tick(B, 1))
    consumer.line(tick(A, 1))
    consumer.line(tick(A, 2))
    time.pass_by(health, HOLD - 3 * BEAT)
    assert consumer.relay.serving() == (B,)
    time.pass_by(health, 1.0)
    consumer.line(tick(A, 3))
    assert consumer.relay.serving() == (A,)
    assert consumer.marks == [(A, 0), (B, "failover"), (B, 1), (A, "failover"), (A, 2, "last"), (A, 3)]
    assert consumer.stats.failovers == 2


def test_no_last_value_where_none_is_wanted(health: Health) -> None:
    consumer = Consumer(health, last_values=False)
    consumer.line(tick(A, 0))
    consumer.line(tick(B, 3))
    health.heard(status(A, STALE))
    consumer.line(tick(B, 4))
    assert consumer.marks == [(A, 0), (B, "failover"), (B, 4)]


def test_gaps_of_a_standby_are_nobodys_concern(consumer: Consumer) -> None:
    consumer.line(tick(A, 0))
    for gateway in (A, B):
        consumer.outlets[gateway].gap(Gap(gateway, RB.symbol, RB.exchange, GapCause.SEQUENCE, 1, 1, 1, 1))
    assert consumer.marks == [(A, 0), (A, "sequence")]


def test_nothing_was_given_so_nothing_is_missing(consumer: Consumer, health: Health) -> None:
    consumer.line(tick(B, 0))
    health.heard(status(A, STALE))
    assert consumer.marks == [(B, 0, "last")]


EVENTS = st.one_of(
    st.tuples(st.just("arrive"), st.sampled_from([A, B]), st.integers(1, 4)),
    st.tuples(st.just("skip"), st.sampled_from([A, B]), st.integers(1, 4)),
    st.tuples(st.just("state"), st.sampled_from([A, B]), st.sampled_from([READY, READY, STALE])),
    st.tuples(st.just("hush"), st.sampled_from([A, B]), st.booleans()),
    st.tuples(st.just("time"), st.just(A), st.integers(1, 40)),
)


@given(st.lists(EVENTS, max_size=80))
def test_never_twice_never_back_and_every_change_of_gateway_is_a_gap(
    events: Sequence[tuple[str, str, int | SessionState | bool]],
) -> None:
    """Two gateways show one market, each with its own lag and holes, while their health changes at will."""
    time = Time()
    health = Health((A, B), lambda: time.now)
    health.beat(connected=True)
    consumer = Consumer(health)
    at = {A: 0, B: 0}
    for kind, gateway, value in events:
        if kind == "arrive":
            for _ in range(int(value)):
                consumer.line(tick(gateway, at[gateway]))
                at[gateway] += 1
        elif kind == "skip":
            at[gateway] += int(value)
        elif kind == "state":
            health.heard(status(gateway, SessionState(value)))
        elif kind == "hush":
            (time.speaking.discard if value else time.speaking.add)(gateway)
        else:
            time.pass_by(health, int(value) * BEAT)
    given_ticks = [one for one in consumer.seen if isinstance(one, Tick)]
    numbers = [one.seq for one in given_ticks]
    assert numbers == sorted(set(numbers)), "none twice, none back"
    assert consumer.stats.ticks == len(given_ticks)
    serving: str | None = None
    gap: Gap | None = None
    for one in consumer.seen:
        if isinstance(one, Gap):
            assert one.cause is GapCause.FAILOVER
            gap = one
        elif one.gateway != serving:
            assert serving is None or (gap is not None and gap.gateway == one.gateway), "a change without a gap"
            serving = one.gateway
    arrived = sum(at.values())
    assert len(given_ticks) + consumer.stats.standby + consumer.stats.duplicates <= arrived


def test_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETBUS_PREFERRED", " ctp-a, ctp-b ,,ctp-a")
    assert preferred_of(None) == (A, B)
    assert preferred_of([]) == ()
    assert preferred_of("ctp-b") == (B,)
    assert preferred_of([B, A]) == (B, A)
    monkeypatch.delenv("MARKETBUS_PREFERRED")
    assert preferred_of(None) == ()
