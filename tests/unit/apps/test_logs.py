import io
import json
import logging
from collections.abc import Iterator

import pytest

from marketbus.apps.logs import Logs, configure, language
from marketbus.domain.status import Level, LogRecord
from marketbus.domain.times import from_datetime
from marketbus.domain.times import to_datetime as shanghai

NOON = from_datetime(shanghai(0).replace(year=2026, month=11, day=21, hour=9, minute=30, microsecond=123_000))


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("marketbus")
    kept = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level = kept[0], kept[1]
    ours.setLevel(kept[2])


def test_a_text_line_says_what_vnpy_says_and_adds_the_facts_it_left_out() -> None:
    stream = io.StringIO()
    configure("text", "info", stream)
    Logs("zh", "ctp-main", now=lambda: NOON).log(Level.INFO, "md.login", trading_day=20261123)
    assert stream.getvalue() == (
        "2026-11-21 09:30:00.123 INFO    ctp-main  行情服务器登录成功  trading_day=20261123\n"
    )  # fmt: skip


def test_a_fact_that_the_sentence_names_is_not_repeated() -> None:
    stream = io.StringIO()
    configure("text", "info", stream)
    Logs("en", "ctp-main", now=lambda: NOON).log(Level.INFO, "md.login", trading_day=20261123)
    assert stream.getvalue().endswith("market data login succeeded, trading day 20261123\n")


def test_a_json_line_carries_the_code_and_the_facts() -> None:
    stream = io.StringIO()
    configure("json", "info", stream)
    Logs("en", "ctp-main", now=lambda: NOON).log(Level.WARNING, "md.disconnected", reason="4097\nx")
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert said["time"] == "2026-11-21T09:30:00.123+08:00"
    assert (said["level"], said["gateway"], said["code"]) == ("warning", "ctp-main", "md.disconnected")
    assert said["fields"] == {"reason": "4097\nx"}


def test_a_venue_cannot_break_a_text_line() -> None:
    stream = io.StringIO()
    configure("text", "info", stream)
    Logs("en", "g").log(Level.INFO, "vnpy", text="one\ntwo\r\nthree")
    assert len(stream.getvalue().splitlines()) == 1


def test_records_go_to_the_bus_whatever_the_terminal_shows() -> None:
    configure("text", "error", io.StringIO())
    heard: list[LogRecord] = []
    record = Logs("en", "g", heard.append).log(Level.DEBUG, "gateway.live")
    assert heard == [record]


@pytest.mark.parametrize(
    ("env", "configured", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, None, "zh"),
        ({"LANG": "C.UTF-8"}, None, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "en", "en"),
        ({"LANG": "C", "MARKETBUS_LANG": "zh"}, "en", "zh"),
        ({}, None, "en"),
    ],
)
def test_the_language_follows_the_operator(env: dict[str, str], configured: str | None, expected: str) -> None:
    assert language(configured, env) == expected  # pyright: ignore[reportArgumentType]
