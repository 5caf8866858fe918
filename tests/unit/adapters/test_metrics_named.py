"""Rules and dashboards name metrics and labels that exist, and every rule is explained and tried."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from marketbus.adapters.metrics.catalogue import METRICS

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = DEPLOY / "prometheus" / "rules" / "marketbus.yml"
TRIED = DEPLOY / "prometheus" / "tests" / "marketbus.yml"
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
NAMED = re.compile(r"\b(marketbus_[a-z_]+)(?:\{([^}]*)\})?")
SERIES = {"gauge": ("",), "counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
KNOWN = {f"{name}{end}": METRICS[name].labels for name in METRICS for end in SERIES[METRICS[name].kind]}
"""What a query may name, and the labels that it has."""
SCRAPED = {"instance", "job", "le"}
"""Labels that Prometheus adds."""


def read(file: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.safe_load(file.read_text("utf-8")))


def rules() -> list[dict[str, Any]]:
    return [rule for group in read(RULES)["groups"] for rule in group["rules"]]


def queries() -> Iterator[tuple[str, str]]:
    """Where each query stands, and what it asks."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for file in DASHBOARDS:
        board = json.loads(file.read_text("utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield f"{file.stem}: {panel['title']}", target["expr"]
        for variable in board.get("templating", {}).get("list", ()):
            yield f"{file.stem}: ${variable['name']}", json.dumps(variable.get("query", ""))


def mistakes(query: str) -> list[str]:
    """What a query names that does not exist."""
    found: list[str] = []
    labels: set[str] = set(SCRAPED)
    for name, chosen in NAMED.findall(query.replace('\\"', '"')):
        if name not in KNOWN:
            found.append(name)
            continue
        labels |= set(KNOWN[name])
        found += [f"{name}{{{each}}}" for each in re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", chosen)
                  if each not in {*KNOWN[name], *SCRAPED}]  # fmt: skip
    for listed in re.findall(r"\b(?:by|on|ignoring|without)\s*\(([^)]*)\)", query):
        found += [f"by {each}" for each in re.findall(r"\w+", listed) if each not in labels]
    return found


@pytest.mark.parametrize(("place", "query"), [pytest.param(*each, id=each[0]) for each in queries()])
def test_a_query_names_what_exists(place: str, query: str) -> None:
    assert mistakes(query) == [], place


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("marketbus_tickz_total", ["marketbus_tickz_total"]),
        ("marketbus_ticks", ["marketbus_ticks"]),  # a counter's name ends in _total
        ('marketbus_session_state{chanel="md"}', ["marketbus_session_state{chanel}"]),
        ("sum by (gatway) (marketbus_ready)", ["by gatway"]),
        ("histogram_quantile(0.9, sum by (le) (rate(marketbus_journal_commit_seconds_bucket[5m])))", []),
    ],
)
def test_a_mistake_is_found(query: str, wrong: list[str]) -> None:
    assert mistakes(query) == wrong


def test_every_alert_is_said_in_both_languages_and_leads_to_its_chapter() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        said = rule["annotations"]
        assert re.search("[\u4e00-\u9fff]", said["summary_zh"])
        assert not re.search("[\u4e00-\u9fff]", said["summary"])
        assert said["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert said["runbook_zh"] == f"docs/operations.zh-CN.md#{rule['alert'].lower()}"


def test_every_alert_fires_in_a_case_and_is_quiet_when_all_is_well() -> None:
    """`make rules-test` lets Prometheus itself judge the cases."""
    cases = read(TRIED)["tests"]
    tests = [test for case in cases for test in case.get("promql_expr_test", ())]
    expected = "".join(str(sample["labels"]) for test in tests for sample in test["exp_samples"])
    fires = set(re.findall(r'alertname="(\w+)"', expected))
    assert fires == {rule["alert"] for rule in rules()}
    well = next(case for case in cases if case["name"] == "all is well")
    told = {match[1] for line in well["input_series"] if (match := NAMED.search(line["series"]))}
    rare = {"marketbus_ticks_rejected_total", "marketbus_order_misfits_total"}
    assert {name for rule in rules() for name, _ in NAMED.findall(rule["expr"])} - told == rare
