"""The page on orders says every state, every denial and every default, in both languages."""

import re
from pathlib import Path
from typing import Any

import pytest

from marketbus.domain.message import SENTENCES
from marketbus.domain.order import OrderState
from marketbus.domain.risk.limits import Limits

DOCS = Path(__file__).parents[4] / "docs"


@pytest.fixture(params=["orders.md", "orders.zh-CN.md"])
def page(request: pytest.FixtureRequest) -> str:
    return (DOCS / request.param).read_text(encoding="utf-8")


def denials(page: str) -> list[list[str]]:
    """Rule, when, limit, default."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `")
    ]
    return [row for row in rows if len(row) == 4]


def test_every_denial_has_its_row(page: str) -> None:
    rows = {name for row in denials(page) for name in re.findall(r"`(\w+)`", row[0])}
    said = {code.removeprefix("risk.") for code in SENTENCES if code.startswith("risk.")}
    assert said <= rows
    assert rows - said <= {"killed", "session", "journal"}


def test_every_limit_and_its_default_is_there(page: str) -> None:
    defaults = Limits()
    for _, _, limit, default in denials(page):
        if limit:
            assert f"`{plain(getattr(defaults, limit.strip('`')))}`" in default, limit
    for name in Limits.__struct_fields__:
        assert f"`{name}`" in page or f"`{name} = true`" in page, name


def plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, int | float) else " ".join(value)


def test_every_state_has_its_row(page: str) -> None:
    for state in OrderState:
        assert f"| `{state}` |" in page
