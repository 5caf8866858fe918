"""One query at a time, one a second, each to its last row, or its asker is told why not."""

from typing import Any

import pytest

from marketbus.gateways.ctp_family.queries import INTERVAL, MAX_TRIES, REFUSED_RETRY, Query, QueryQueue
from tests.unit.application.fakes import FakeClock

FINE: dict[str, Any] = {"ErrorID": 0}
TIMEOUT = 8.0


class Asker:
    """`sent`: (seconds, what, id) of every query the SDK was given; `ends`: what their askers were told."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.began = self.clock.seconds
        self.sent: list[tuple[float, str, int]] = []
        self.ends: list[tuple[str, str]] = []
        self.rows: list[tuple[str, int]] = []
        self.code = 0
        self._timers: list[float] = []
        self.queue = QueryQueue(lambda seconds: self._timers.append(self.clock.seconds + seconds), self.clock, TIMEOUT)
        self.queue.open()

    def put(self, *names: str, urgency: int = 1) -> list[Query]:
        queries = [self._query(name, urgency) for name in names]
        for query in queries:
            self.queue.put(query)
        return queries

    def _query(self, what: str, urgency: int) -> Query:
        def ask(number: int) -> int:
            self.sent.append((round(self.clock.seconds - self.began, 2), what, number))
            return self.code

        return Query(
            what, ask, row=lambda data: self.rows.append((what, data["n"])), done=lambda: self.ends.append((what, "")),
            failed=lambda why: self.ends.append((what, why)), urgency=urgency,
        )  # fmt: skip

    def wait(self, seconds: float = 0.0) -> None:
        end = self.clock.seconds + seconds
        while due := [at for at in self._timers if at <= end]:
            self.clock.seconds = max(self.clock.seconds, min(due))
            self._timers.remove(min(due))
            self.queue.run()
        self.clock.seconds = end
        self.queue.look()

    def answer(self, *rows: int, error: dict[str, Any] = FINE, last: bool = True, number: int = 0) -> None:
        number = number or self.sent[-1][2]
        for row in rows:
            self.queue.answer(number, {"n": row}, error, last=last and row == rows[-1])
        if not rows:
            self.queue.answer(number, {}, error, last=last)

    @property
    def order(self) -> list[str]:
        return [what for _, what, _ in self.sent]


@pytest.fixture
def asker() -> Asker:
    return Asker()


def test_the_next_goes_out_when_the_last_row_is_there_and_its_second_has_passed(asker: Asker) -> None:
    asker.put("orders", "trades", "funds")
    asker.wait(5)
    assert asker.order == ["orders"]
    asker.answer(1, 2, last=False)
    asker.wait(5)
    assert asker.order == ["orders"]
    asker.answer(3)
    asker.wait()
    asker.answer()
    asker.wait(INTERVAL)
    assert [(at, what) for at, what, _ in asker.sent] == [(0, "orders"), (10, "trades"), (10 + INTERVAL, "funds")]
    assert asker.ends == [("orders", ""), ("trades", "")]
    assert asker.rows == [("orders", 1), ("orders", 2), ("orders", 3)]


def test_the_urgent_overtakes_what_has_not_been_asked(asker: Asker) -> None:
    asker.put("rate 1", "rate 2", urgency=2)
    asker.wait()
    asker.put("orders", "trades")
    for _ in range(4):
        asker.answer()
        asker.wait(INTERVAL)
    assert asker.order == ["rate 1", "orders", "trades", "rate 2"]


@pytest.mark.parametrize("code", [-1, -2, -3])
def test_what_the_sdk_does_not_take_is_tried_again_and_not_for_ever(asker: Asker, code: int) -> None:
    asker.code = code
    asker.put("orders")
    asker.wait(100)
    assert [at for at, _, _ in asker.sent] == pytest.approx([INTERVAL * n for n in range(MAX_TRIES)])
    assert asker.ends == [("orders", f"the SDK did not take the query ({code}), {MAX_TRIES} times")]


def test_a_counter_that_is_not_ready_is_asked_later_from_the_first_row(asker: Asker) -> None:
    asker.put("orders")
    asker.wait()
    asker.answer(error={"ErrorID": 90, "ErrorMsg": "CTP:查询未就绪"})
    asker.wait(REFUSED_RETRY)
    asker.answer(1)
    assert [at for at, _, _ in asker.sent] == [0, REFUSED_RETRY]
    assert asker.ends == [("orders", "")]


def test_any_other_refusal_is_told_in_the_venues_words(asker: Asker) -> None:
    asker.put("orders", "trades")
    asker.wait()
    asker.answer(error={"ErrorID": 9, "ErrorMsg": "CTP:无此权限"})
    asker.wait(INTERVAL)
    assert asker.ends == [("orders", "[9] CTP:无此权限")]
    assert asker.order == ["orders", "trades"]


def test_silence_ends_a_query_and_every_row_is_a_word(asker: Asker) -> None:
    asker.put("orders", "trades")
    asker.wait()
    for row in range(3):
        asker.wait(TIMEOUT - 1)
        asker.answer(row, last=False)
    assert asker.ends == []
    asker.wait(TIMEOUT)
    assert asker.ends == [("orders", "no answer for 8 s")]
    asker.wait()
    assert asker.order == ["orders", "trades"]


def test_the_late_answer_to_what_was_given_up_is_nobodys(asker: Asker) -> None:
    asker.put("orders", "trades")
    asker.wait()
    asker.wait(TIMEOUT)
    asker.wait()
    asker.answer(7, number=asker.sent[0][2])
    assert asker.rows == []
    assert asker.ends == [("orders", "no answer for 8 s")]
    asker.answer(8)
    assert asker.rows == [("trades", 8)]


def test_a_lost_session_ends_all_that_was_asked_and_takes_nothing_more(asker: Asker) -> None:
    asker.put("orders", "trades")
    asker.wait()
    asker.answer(1, last=False)
    asker.queue.lost()
    asker.answer(2)
    asker.put("funds")
    asker.wait(100)
    assert asker.order == ["orders"]
    assert asker.ends == [
        ("orders", "the session was lost"), ("trades", "the session was lost"), ("funds", "no session"),
    ]  # fmt: skip
    asker.queue.open()
    asker.put("funds")
    asker.wait(INTERVAL)
    asker.answer(1)
    assert asker.ends[-1] == ("funds", "")


def test_what_nobody_waits_for_any_more_is_not_asked(asker: Asker) -> None:
    _, trades, _ = asker.put("orders", "trades", "funds")
    asker.wait()
    asker.queue.withdraw(trades)
    asker.answer()
    asker.wait(INTERVAL)
    assert asker.order == ["orders", "funds"]
