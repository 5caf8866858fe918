"""Logins: what follows a refusal or silence, and how both sessions together keep an account from being locked."""

from datetime import datetime
from pathlib import Path

import pytest

from marketbus.domain.message import Bilingual
from marketbus.domain.session import SessionState
from marketbus.domain.times import SHANGHAI, from_datetime
from marketbus.gateways.ctp_family.account import COURTESY, MAX_ATTEMPTS
from marketbus.gateways.ctp_family.errors import Verdict, judge, why_disconnected
from marketbus.gateways.ctp_family.login import REST
from marketbus.ports.gateway import Logged, SessionChanged
from tests.unit.gateways.ctp_logins import MD, RETRY, TD, TIMEOUT, Logins

FAILED, WAITING = SessionState.FAILED, SessionState.WAITING
KNOWN = [3, 4, 7, 8, 60, 63, 64, 75, 90, 131, 140]


@pytest.fixture
def logins(tmp_path: Path) -> Logins:
    return Logins(tmp_path)


# One session


@pytest.mark.parametrize("error", [3, 4, 63, 64, 75, 131, 140])
def test_what_cannot_help_or_locks_the_account_latches_at_once(logins: Logins, error: int) -> None:
    logins.front(MD)
    state = logins.refuse(MD, error)
    assert (state.state, state.code, state.message) == (FAILED, error, f"[{error}] CTP:不行")
    assert state.hint == judge(error).hint
    logins.front(MD, there=False)
    logins.front(MD)
    logins.wait(100)
    assert logins.sent == [MD]


@pytest.mark.parametrize("error", [7, 8, 60, 90])
def test_what_passes_is_waited_for_without_end(logins: Logins, error: int) -> None:
    logins.front(MD)
    for number in range(1, 20):
        assert logins.sent == [MD] * number
        assert logins.refuse(MD, error).state is WAITING
        logins.wait(0.8 * RETRY - 0.1)
        assert logins.sent == [MD] * number  # never earlier
        logins.wait(0.4 * RETRY + 0.1)
    logins.of[MD].succeeded()
    assert logins.account.refused == {}


def test_retries_are_spread_by_chance(logins: Logins) -> None:
    logins.front(MD)
    said = set[object]()
    for _ in range(5):
        logins.refuse(MD, 7)
        said.add(logins.sink.of(Logged)[-1].fields["seconds"])
        logins.wait(1.2 * RETRY)
    assert len(said) == 5


def test_a_front_that_comes_and_goes_does_not_multiply_the_attempts(logins: Logins) -> None:
    logins.front(MD)
    logins.refuse(MD, 7)
    for _ in range(20):
        logins.front(MD, there=False)
        logins.front(MD)
        logins.wait(0.1)
    assert logins.sent == [MD]
    logins.wait(1.2 * RETRY)
    assert logins.sent == [MD, MD]


def test_a_retry_that_comes_due_after_success_does_nothing(logins: Logins) -> None:
    logins.front(MD)
    logins.wait(TIMEOUT)
    logins.of[MD].succeeded()  # late, but an answer
    logins.wait(100)
    assert logins.sent == [MD]


def test_a_retry_that_comes_due_without_a_front_leaves_it_to_the_next_connection(logins: Logins) -> None:
    logins.front(MD)
    logins.refuse(MD, 7)
    logins.front(MD, there=False)
    logins.wait(1.2 * RETRY)
    assert logins.sent == [MD]
    logins.front(MD)
    assert logins.sent == [MD, MD]


def test_success_forgets_doubtful_refusals(logins: Logins) -> None:
    for _ in range(3):
        logins.front(MD)
        assert logins.refuse(MD, 99999).state is WAITING
        logins.wait(1.2 * RETRY)
        assert logins.of[MD].succeeded()
        logins.front(MD, there=False)


# Silence


def test_a_login_without_an_answer_is_reported_and_tried_again_once_at_a_time(logins: Logins) -> None:
    logins.front(MD)
    logins.wait(TIMEOUT - 0.1)
    assert logins.states(MD) == []
    for number in range(1, 6):
        logins.wait(0.1 if number == 1 else TIMEOUT)
        assert logins.states(MD) == [WAITING] * number
        for _ in range(5):
            logins.front(MD, there=False)
            logins.front(MD)
        assert logins.sent == [MD] * number
        logins.wait(1.2 * RETRY)
        assert logins.sent == [MD] * (number + 1)
    assert [log.code for log in logins.sink.of(Logged)] == ["md.login_timeout"] * 5
    hint = logins.sink.of(SessionChanged)[-1].hint
    assert hint == Bilingual("no answer to the login within 4 s", "4 秒内没有收到登录应答")


def test_two_steps_have_their_time_each(logins: Logins) -> None:
    logins.front(MD)
    logins.wait(TIMEOUT - 0.1)
    logins.of[MD].went_on()
    logins.wait(TIMEOUT - 0.1)
    assert logins.states(MD) == []


def test_a_venue_that_answers_twice_is_taken_at_its_first_word(logins: Logins) -> None:
    logins.front(MD)
    logins.wait(TIMEOUT)
    logins.wait(1.2 * RETRY)
    assert logins.sent == [MD, MD]
    assert logins.of[MD].succeeded()
    assert not logins.of[MD].succeeded()
    logins.refuse(MD, 3)
    assert logins.account.refused == {}


def test_a_venue_that_has_refused_owes_no_word_until_it_is_asked_again(logins: Logins) -> None:
    """Or a front would be left for the next one because we ourselves wait."""
    logins.front(MD)
    logins.wait(1)
    assert logins.of[MD].silence == 1
    logins.refuse(MD, 7)
    logins.wait(0.8 * RETRY - 0.1)
    assert logins.of[MD].silence == 0
    logins.wait(0.4 * RETRY)
    assert logins.sent == [MD, MD]
    assert 0 < logins.of[MD].silence < TIMEOUT


# Far from a session


def test_a_counter_that_is_closed_for_the_weekend_is_asked_every_five_minutes(logins: Logins) -> None:
    weekend = logins.clock.seconds + 3600
    logins.unattended = lambda: max(0.0, weekend - logins.clock.seconds)
    logins.front(MD)
    while logins.clock.seconds < weekend:
        if logins.of[MD].silence:
            logins.refuse(MD, 7)
        logins.wait(1)
    assert 3600 / (1.2 * REST) <= len(logins.sent) <= 3600 / (0.8 * REST) + 1
    count = len(logins.sent)
    logins.wait(1.2 * RETRY)
    assert len(logins.sent) == count + 1  # quick again at once, whatever rest was left
    for number in range(2, 10):
        assert logins.refuse(MD, 7).state is WAITING
        logins.wait(1.2 * RETRY)
        assert len(logins.sent) == count + number


def test_the_log_and_the_status_say_when_it_is_tried_again(logins: Logins) -> None:
    """18:00 and a bit: the quick window begins at 20:15, the rest ends before."""
    logins.clock.ns = from_datetime(datetime(2026, 11, 20, 18, tzinfo=SHANGHAI))
    logins.unattended = lambda: 8100.0
    logins.front(MD)
    hint = logins.refuse(MD, 7).hint
    assert hint is not None
    log = logins.sink.of(Logged)[-1]
    at = str(log.fields["at"])
    assert "18:04" <= at <= "18:06"
    assert log.code == "session.resting"
    assert hint.english.endswith(f"before the session; no session is near, the next login at {at}")
    assert hint.chinese.endswith(f"；非交易时段，下次登录 {at}")
    logins.unattended = lambda: 60.0
    logins.wait(2 * REST)
    logins.refuse(MD, 7)
    assert logins.sink.of(Logged)[-1].fields["at"] == "18:01"
    logins.unattended = lambda: 0.0
    logins.wait(1.2 * RETRY)
    assert logins.refuse(MD, 7).hint == judge(7).hint
    assert logins.sink.of(Logged)[-1].code == "session.waiting"


def test_a_front_that_comes_and_goes_at_night_does_not_end_the_rest(logins: Logins) -> None:
    logins.unattended = lambda: 8100.0
    logins.front(MD)
    logins.refuse(MD, 7)
    for _ in range(20):
        logins.front(MD, there=False)
        logins.front(MD)
        logins.wait(0.4 * REST / 20)
    assert logins.sent == [MD]
    logins.wait(REST)
    assert logins.sent == [MD, MD]


def test_a_login_without_an_answer_rests_as_well(logins: Logins) -> None:
    logins.unattended = lambda: 8100.0
    logins.front(MD)
    logins.wait(TIMEOUT)
    assert [log.code for log in logins.sink.of(Logged)] == ["md.login_timeout", "session.resting"]
    logins.wait(0.8 * REST - 1)
    assert logins.sent == [MD]
    logins.wait(0.4 * REST)
    assert logins.sent == [MD, MD]


def test_a_session_that_was_there_is_logged_in_again_at_once_at_night(logins: Logins) -> None:
    logins.unattended = lambda: 8100.0
    logins.front(MD)
    logins.of[MD].succeeded()
    logins.front(MD, there=False)
    logins.front(MD)
    assert logins.sent == [MD, MD]


# Both sessions


def test_one_wrong_password_costs_one_attempt(logins: Logins) -> None:
    logins.front(TD, MD)
    assert logins.sent == [MD]
    logins.refuse(MD, 3)
    logins.wait(100)
    assert logins.sent == [MD]
    assert logins.states(MD) == logins.states(TD) == [FAILED]


def test_a_market_data_front_that_does_not_check_passwords_keeps_its_data(logins: Logins) -> None:
    logins.front(MD, TD)
    logins.of[MD].succeeded()
    logins.wait()
    assert logins.sent == [MD, TD]
    logins.refuse(TD, 3)
    assert logins.states(MD) == []
    logins.front(MD, there=False)
    logins.front(MD)
    assert logins.sent == [MD, TD, MD]  # it was taken with this password before


def test_trading_does_not_wait_long_for_market_data(logins: Logins) -> None:
    logins.front(TD)
    logins.wait(COURTESY - 0.1)
    assert logins.sent == []
    logins.wait(0.2)
    assert logins.sent == [TD]
    logins.front(MD)
    assert logins.sent == [TD]  # one at a time
    logins.refuse(TD, 75)
    logins.wait(100)
    assert logins.sent == [TD]
    assert logins.states(MD) == [FAILED]


def test_a_trading_front_that_is_mute_holds_market_data_up_for_seconds_only(logins: Logins) -> None:
    logins.front(TD)
    logins.wait(COURTESY)
    logins.front(MD)
    logins.wait(COURTESY)
    assert logins.sent == [TD, MD]


def test_an_authentication_that_fails_does_not_concern_market_data(logins: Logins) -> None:
    logins.front(TD, MD)
    logins.refuse(MD, 7)
    logins.wait()
    logins.refuse(TD, 63)
    assert (logins.states(MD), logins.states(TD)) == ([WAITING], [FAILED])
    logins.wait(1.2 * RETRY)
    assert logins.sent == [MD, TD, MD]


def test_what_is_unknown_is_tried_twice_in_all(logins: Logins) -> None:
    logins.front(TD, MD)
    logins.refuse(MD, 99999)
    logins.wait()
    logins.refuse(TD, 99999)
    logins.wait(100)
    assert logins.sent == [MD, TD]
    assert len(logins.sent) == MAX_ATTEMPTS
    assert logins.states(MD) == [WAITING, FAILED]
    assert logins.states(TD)[-1] is FAILED


# From process to process


def test_a_fresh_process_of_the_same_setting_does_not_try_again_that_day(tmp_path: Path) -> None:
    first = Logins(tmp_path)
    first.front(MD, TD)
    first.refuse(MD, 3)
    again = Logins(tmp_path)
    again.front(MD, TD)
    again.wait(100)
    assert again.sent == []
    refusal = again.account.refused[TD]
    assert (refusal.code, refusal.words) == (3, "CTP:不行")


@pytest.mark.parametrize(("day", "setting"), [(20261121, {}), (20261120, {"密码": "q"}), (20261120, {"用户名": "v"})])
def test_another_day_or_another_setting_is_tried(tmp_path: Path, day: int, setting: dict[str, str]) -> None:
    first = Logins(tmp_path)
    first.front(MD)
    first.refuse(MD, 3)
    again = Logins(tmp_path, day, **setting)
    again.front(MD)
    assert again.sent == [MD]


def test_an_operator_pardons(tmp_path: Path) -> None:
    first = Logins(tmp_path)
    first.front(MD)
    first.refuse(MD, 3)
    first.account.pardon()
    again = Logins(tmp_path)
    again.front(MD)
    assert again.sent == [MD]


def test_what_is_kept_does_not_give_the_password_away(tmp_path: Path) -> None:
    texts = set[str]()
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        logins = Logins(folder, 密码="swordfish")
        logins.front(MD)
        logins.refuse(MD, 3)
        (file,) = folder.iterdir()
        assert file.stat().st_mode & 0o077 == 0
        texts.add(file.read_text())
    assert not any("swordfish" in text for text in texts)
    assert len(texts) == 2  # salted: equal passwords do not look equal


@pytest.mark.parametrize("content", ["", "{", '{"day": "x"}', "[1]", "\udcff"])
def test_a_damaged_memory_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "refused.json").write_bytes(content.encode(errors="surrogateescape"))
    logins = Logins(tmp_path)
    assert logins.account.refused == {}
    assert [log.code for log in logins.sink.of(Logged)] == ["gateway.not_kept"]


# The table


@pytest.mark.parametrize("error", KNOWN)
def test_every_known_error_has_a_hint_in_both_languages(error: int) -> None:
    hint = judge(error).hint
    assert hint is not None
    assert hint.english
    assert not hint.chinese.isascii()


@pytest.mark.parametrize("reason", [4097, 4098, 8193, 8194, 8195])
def test_the_reasons_of_a_lost_front_have_words(reason: int) -> None:
    words = why_disconnected(reason)
    assert words is not None
    assert not words.chinese.isascii()
    assert why_disconnected(1) is None


def test_an_unknown_error_is_tried_again_without_a_hint() -> None:
    assert judge(123456) == (Verdict.RETRY, None)
