from string import Formatter

import pytest

from marketbus.domain.message import SENTENCES, say
from marketbus.domain.session import SessionState, may_follow
from marketbus.domain.status import Level, LogRecord


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_exists_in_both_languages_and_needs_no_fact_the_english_lacks(code: str) -> None:
    english, chinese = SENTENCES[code]
    assert english
    assert chinese
    assert placeholders(chinese) <= placeholders(english)


def test_a_missing_fact_does_not_hide_the_message() -> None:
    assert say("md.login_failed", "zh", {"error": 3}) == "行情服务器登录失败，代码：3，信息：?"
    assert say("md.mute", "en", {}).startswith("the market data line has been silent for ? s")
    assert say("no.such.code", "en", {}) == "no.such.code"


def test_failed_is_left_by_nothing() -> None:
    assert not any(may_follow(SessionState.FAILED, state) for state in SessionState)


def test_a_lost_front_may_come_back() -> None:
    assert may_follow(SessionState.READY, SessionState.DISCONNECTED)
    assert may_follow(SessionState.DISCONNECTED, SessionState.AUTHENTICATING)
    assert LogRecord("g", 0, Level.INFO, "x", "y").fields == {}
