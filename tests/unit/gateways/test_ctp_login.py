"""What follows a refused login: latch, wait, or once more; and never two series of attempts at once."""

import pytest

from marketbus.domain.session import Channel, SessionState
from marketbus.gateways.ctp_family.errors import Verdict, judge
from marketbus.gateways.ctp_family.login import MAX_ATTEMPTS, Login
from marketbus.ports.gateway import SessionChanged
from tests.unit.gateways.sink import FakeSink


class Attempts:
    """A login and what it has asked for."""

    def __init__(self) -> None:
        self.sink = FakeSink()
        self.due: list[float] = []
        self.login = Login(Channel.MD, self.sink, lambda _, seconds: self.due.append(seconds), retry=7.0)

    def refuse(self, error: int) -> SessionChanged:
        self.login.refused("md.login_failed", {"ErrorID": error, "ErrorMsg": "CTP:不行"})
        return self.sink.of(SessionChanged)[-1]


@pytest.mark.parametrize("error", [3, 4, 60, 63, 75, 131, 140])
def test_what_cannot_help_or_locks_the_account_latches_at_once(error: int) -> None:
    attempts = Attempts()
    assert attempts.login.begin(connected=True, again=False)
    state = attempts.refuse(error)
    assert (state.state, state.code) == (SessionState.FAILED, error)
    assert state.message.startswith(f"[{error}] CTP:不行; ")
    assert attempts.due == []
    assert not attempts.login.begin(connected=True, again=False)


@pytest.mark.parametrize("error", [7, 8, 62, 77])
def test_what_passes_is_waited_for_without_end(error: int) -> None:
    attempts = Attempts()
    for number in range(1, 20):
        assert attempts.login.begin(connected=True, again=number > 1)
        assert attempts.refuse(error).state is SessionState.WAITING
        assert attempts.due == [7.0] * number


def test_what_is_unknown_is_tried_twice_in_all() -> None:
    attempts = Attempts()
    tries = 0
    while attempts.login.begin(connected=True, again=tries > 0):
        tries += 1
        last = attempts.refuse(99999)
    assert tries == MAX_ATTEMPTS
    assert last.state is SessionState.FAILED  # pyright: ignore[reportPossiblyUnboundVariable]


def test_a_front_that_comes_and_goes_does_not_multiply_the_attempts() -> None:
    attempts = Attempts()
    for _ in range(5):
        assert attempts.login.begin(connected=True, again=False)
        attempts.refuse(7)
        attempts.login.front_lost()
    assert attempts.due == [7.0]


def test_a_retry_that_comes_due_after_success_does_nothing() -> None:
    attempts = Attempts()
    assert attempts.login.begin(connected=True, again=False)
    attempts.refuse(7)
    attempts.login.front_lost()
    assert attempts.login.begin(connected=True, again=False)
    attempts.login.succeeded()
    assert not attempts.login.begin(connected=True, again=True)


def test_a_retry_that_comes_due_without_a_front_leaves_it_to_the_next_connection() -> None:
    attempts = Attempts()
    attempts.login.begin(connected=True, again=False)
    attempts.refuse(7)
    attempts.login.front_lost()
    assert not attempts.login.begin(connected=False, again=True)
    assert attempts.login.begin(connected=True, again=False)
    attempts.refuse(7)
    assert attempts.due == [7.0, 7.0]


def test_success_forgets_earlier_refusals() -> None:
    attempts = Attempts()
    for _ in range(3):
        assert attempts.login.begin(connected=True, again=False)
        assert attempts.refuse(99999).state is SessionState.WAITING
        attempts.login.succeeded()


@pytest.mark.parametrize("error", [3, 4, 7, 8, 60, 62, 63, 75, 77, 131, 140, 4097])
def test_every_known_error_has_a_hint_in_both_languages(error: int) -> None:
    _, hint = judge(error)
    english, slash, chinese = hint.partition(" / ")
    assert slash
    assert english
    assert not chinese.isascii()


def test_an_unknown_error_is_tried_again_without_a_hint() -> None:
    assert judge(123456) == (Verdict.RETRY, "")
