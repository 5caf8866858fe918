"""Once per trouble, and its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.application.alerts.triage import FLAPS, REPEAT, Triage
from marketbus.domain.alert import RULES, Severity
from marketbus.domain.message import SENTENCES
from marketbus.domain.status import Level
from tests.unit.application.alerts.told import Hands, record


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def triage(clock: Hands) -> Triage:
    return Triage(clock, simulated="lab".__eq__)


def test_every_code_of_the_table_is_a_message_and_what_it_ends_is_in_the_table() -> None:
    assert set(RULES) <= set(SENTENCES)
    for code, rule in RULES.items():
        assert all(ended in RULES for ended, _ in rule.ends), code
        assert rule.alone or rule.ends, f"{code} is never told"


def test_what_is_not_in_the_table_or_is_routine_is_not_told(triage: Triage) -> None:
    assert triage.take(record("md.login", level=Level.INFO)) is None
    assert triage.take(record("gateway.started")) is None
    asked = record("supervisor.worker_ended", "supervisor", Level.WARNING, worker="ctp", how="exit code 70")
    assert triage.take(asked) is None


def test_a_trouble_is_told_once_and_its_end_with_how_long_it_lasted(triage: Triage, clock: Hands) -> None:
    failed = triage.take(record("session.latched", channel="td", why="[3] wrong password"))
    assert failed is not None
    assert (failed.severity, failed.lasted, failed.simulated) == (Severity.CRITICAL, None, False)
    assert triage.take(record("session.latched", channel="td", why="again")) is None
    clock.at += 30
    assert triage.take(record("md.login", level=Level.INFO)) is None  # the other session
    over = triage.take(record("td.login", level=Level.INFO))
    assert over is not None
    assert (over.severity, over.lasted) == (Severity.CRITICAL, 30)
    assert triage.take(record("td.login", level=Level.INFO)) is None


def test_two_gateways_and_two_sessions_are_different_troubles(triage: Triage) -> None:
    assert triage.take(record("session.latched", channel="td"))
    assert triage.take(record("session.latched", channel="md"))
    other = triage.take(record("session.latched", "lab", channel="md"))
    assert other is not None
    assert other.simulated


def test_the_supervisors_records_belong_to_the_worker_they_name(triage: Triage) -> None:
    ended = triage.take(record("supervisor.worker_ended", "supervisor", worker="ctp", how="SIGKILL", seconds=1.0))
    assert ended is not None
    assert ended.gateway == "ctp"
    assert triage.take(record("health.reports", level=Level.INFO))


def test_a_nats_server_of_ours_that_is_started_again_is_over(triage: Triage) -> None:
    assert triage.take(record("supervisor.worker_ended", "supervisor", worker="nats-server", how="SIGKILL", seconds=0))
    assert triage.take(record("nats.embedded", "supervisor", worker="nats-server", url="nats://127.0.0.1:4222"))


def test_what_goes_on_happening_is_counted_and_told_when_its_time_has_come(triage: Triage, clock: Hands) -> None:
    assert triage.take(record("order.unknown", order="1"))
    for number in range(2, 5):
        clock.at += 1
        assert triage.take(record("order.unknown", order=str(number))) is None
    assert list(triage.sweep()) == []
    clock.at += REPEAT
    (again,) = triage.sweep()
    assert (again.times, again.fields["order"]) == (3, "4")
    assert list(triage.sweep()) == []


def test_what_ends_and_comes_back_is_told_a_few_times_only(triage: Triage, clock: Hands) -> None:
    told = over = 0
    for _ in range(10):
        clock.at += 10
        told += triage.take(record("md.mute", seconds=5.0)) is not None
        over += triage.take(record("md.speaks_again", level=Level.INFO)) is not None
    assert (told, over) == (FLAPS, FLAPS)
    clock.at += REPEAT
    later = triage.take(record("md.mute", seconds=5.0))
    assert later is not None
    assert later.times == 10 - FLAPS + 1


def test_single_drops_are_routine_a_burst_is_not(triage: Triage, clock: Hands) -> None:
    assert triage.take(record("tick.dropped", count=999, cause="slow_bus")) is None
    clock.at += 61
    assert triage.take(record("tick.dropped", count=999, cause="slow_bus")) is None
    burst = triage.take(record("tick.dropped", count=1, cause="slow_bus"))
    assert burst is not None
    assert burst.fields["count"] == 1000


def test_only_a_standby_that_takes_over_is_worth_a_word(triage: Triage) -> None:
    assert triage.take(record("gateway.live", level=Level.DEBUG)) is None
    standby = triage.take(record("gateway.standby", level=Level.INFO, host="b", pid=1))
    assert standby is not None
    assert standby.severity is Severity.INFO
    live = triage.take(record("gateway.live", level=Level.DEBUG))
    assert live is not None
    assert live.severity is Severity.WARNING


def test_a_released_kill_is_told_whoever_heard_of_the_kill(triage: Triage) -> None:
    assert triage.take(record("kill.released", principal="li"))
    assert triage.take(record("kill.on", principal="li", orders=3))
    released = triage.take(record("kill.released", principal="li"))
    assert released is not None
    assert (released.severity, released.lasted) == (Severity.CRITICAL, 0)


STEPS = st.tuples(st.sampled_from(sorted(RULES)), st.sampled_from(["a", "b"]), st.floats(0, 400))


@given(st.lists(STEPS, max_size=80))
def test_no_trouble_is_told_more_often_than_allowed_and_nothing_ends_that_was_not_told(
    steps: list[tuple[str, str, float]],
) -> None:
    clock = Hands()
    triage = Triage(clock)
    told: list[tuple[float, str, str]] = []
    for code, gateway, later in steps:
        clock.at += later
        alert = triage.take(record(code, gateway, channel="md", symbol="rb", year=2027, count=1000))
        for each in [*triage.sweep(), *([] if alert is None else [alert])]:
            if each.lasted is not None:
                ends = {ended for ended, _ in RULES[each.code].ends}
                assert any(known in ends and name == each.gateway for _, known, name in told)
            told.append((clock.at, each.code, each.gateway))
    for at, code, gateway in told:
        same = [t for t, *what in told if what == [code, gateway] and at - REPEAT < t <= at and not RULES[code].ends]
        assert len(same) <= FLAPS
