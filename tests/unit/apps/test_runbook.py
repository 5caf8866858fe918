"""Every alert of Prometheus has its chapter in the runbook, in both languages, and no chapter is left over."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "rules"


@pytest.mark.parametrize("page", ["operations.md", "operations.zh-CN.md"])
def test_every_alert_has_its_chapter(page: str) -> None:
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(RULES.glob("*.yml"))]
    alerts = [rule["alert"] for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule]
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    chapters = re.findall(r"^### (Marketbus\w+)$", text, re.MULTILINE)
    assert alerts
    assert chapters == alerts
