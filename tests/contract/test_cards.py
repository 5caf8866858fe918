"""The cards in the documentation are the cards that are run."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([A-Z]{2}-\d\d) \| (\S+) \|", re.MULTILINE)
CARD = re.compile(r'^@pytest\.mark\.card\("([A-Z]{2}-\d\d)"(?:, (needs)=Capability\.(\w+))?', re.MULTILINE)


@pytest.mark.parametrize("page", ["adding-a-gateway.md", "adding-a-gateway.zh-CN.md"])
def test_the_table_lists_every_card_with_what_it_needs(page: str) -> None:
    written = "".join(file.read_text() for file in sorted(Path(__file__).parent.glob("test_*.py")))
    run: dict[str, str] = {}
    for number, needs, capability in CARD.findall(written):
        if needs or number not in run:
            run[number] = capability.lower() if needs else "–"
    assert dict(ROW.findall((ROOT / "docs" / page).read_text())) == run
