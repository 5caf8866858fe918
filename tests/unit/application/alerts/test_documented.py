"""The two pages list every event with its severity."""

import re
from pathlib import Path

import pytest

from marketbus.domain.alert import RULES

DOCS = Path(__file__).parents[4] / "docs"
ROW = re.compile(r"^\| (`[a-z_.`, ]+`) \| (info|warning|critical) \|", re.MULTILINE)


@pytest.mark.parametrize("page", ["alerts.md", "alerts.zh-CN.md"])
def test_every_event_that_is_told_by_itself_stands_in_the_table(page: str) -> None:
    rows = ROW.findall((DOCS / page).read_text("utf-8"))
    listed = {code: severity for codes, severity in rows for code in re.findall(r"[a-z_.]+", codes)}
    own = {code: str(rule.severity) for code, rule in RULES.items() if rule.alone or code == "gateway.live"}
    assert listed == own
