"""The error codes in the documentation are those that the gateway judges, with the same verdict."""

import re
from pathlib import Path

import pytest

from marketbus.gateways.ctp_family.errors import Verdict, judge, why_disconnected

DOCS = Path(__file__).parents[3] / "docs"
ROW = re.compile(r"^\| (\d+) \|[^|]*\| ([^|]+) \|", re.MULTILINE)
WORDS = {
    Verdict.ACCOUNT: {"FAILED"},
    Verdict.FATAL: {"FAILED"},
    Verdict.WAIT: {"WAITING"},
    Verdict.RETRY: {"once more", "再试一次"},
}


@pytest.mark.parametrize("page", ["brokers.md", "brokers.zh-CN.md"])
def test_the_codes_lead_to_what_the_page_says(page: str) -> None:
    rows = ROW.findall((DOCS / page).read_text())
    assert {int(code) for code, _ in rows} >= {3, 7, 63, 75, 140, 4097}
    for code, said in rows:
        if said == "DISCONNECTED":
            assert why_disconnected(int(code)), code
            continue
        verdict, hint = judge(int(code))
        assert hint, code
        assert said in WORDS[verdict], code
