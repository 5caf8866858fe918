"""Panels of a dashboard, as Grafana's JSON wants them (schema version 39, Grafana 11)."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

SOURCE = {"type": "prometheus", "uid": "marketbus"}
GREEN, YELLOW, RED, BLUE, GREY = "green", "yellow", "red", "blue", "#8e8e8e"
WIDTH = 24


ONE = '{gateway=~"$gateway"}'
ACCOUNT = '{gateway=~"$gateway", account=~"$account"}'
NONE_IS_GOOD = ((None, GREEN), (1, RED))


def target(expr: str, legend: str = "", *, instant: bool = False, ref: str = "A") -> Json:
    """One query."""
    form = "table" if instant and not legend else "time_series"
    return {
        "refId": ref, "datasource": SOURCE, "expr": expr, "legendFormat": legend or "__auto",
        "instant": instant, "range": not instant, "format": form,
    }  # fmt: skip


def rate(metric: str, selector: str, *by: str) -> str:
    """A counter per second, added up but for some labels."""
    of = f"rate({metric}{selector}[$__rate_interval])"
    return f"sum by ({', '.join(by)}) ({of})" if by else f"sum({of})"


def _panel(kind: str, title: str, targets: Sequence[Json], words: str, defaults: Json, options: Json) -> Json:
    lettered = [each | {"refId": chr(ord("A") + at)} for at, each in enumerate(targets)]
    return {
        "type": kind, "title": title, "description": words, "datasource": SOURCE, "targets": lettered,
        "fieldConfig": {"defaults": defaults, "overrides": []}, "options": options,
    }  # fmt: skip


def _steps(steps: Sequence[tuple[float | None, str]]) -> Json:
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}


def stat(
    title: str,
    expr: str,
    words: str,
    *,
    unit: str = "none",
    steps: Sequence[tuple[float | None, str]] = ((None, GREEN),),
    said: Mapping[float, tuple[str, str]] | None = None,
) -> Json:
    """One big number, coloured by `steps`; `said`: words and colours for certain values."""
    mappings = [
        {"type": "value", "options": {f"{value:g}": {"text": text, "color": color, "index": at}}}
        for at, (value, (text, color)) in enumerate((said or {}).items())
    ]
    defaults = {"unit": unit, "thresholds": _steps(steps), "mappings": mappings, "color": {"mode": "thresholds"}}
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "background",
        "graphMode": "none", "textMode": "auto", "justifyMode": "auto", "orientation": "auto",
    }  # fmt: skip
    return _panel("stat", title, [target(expr, "{{gateway}}", instant=True)], words, defaults, options)


def lines(title: str, targets: Sequence[Json], words: str, *, unit: str = "short", stack: bool = False) -> Json:
    """Values over time."""
    custom = {
        "drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if stack else 8, "showPoints": "never",
        "stacking": {"mode": "normal" if stack else "none", "group": "A"}, "spanNulls": False,
    }  # fmt: skip
    defaults = {"unit": unit, "custom": custom, "color": {"mode": "palette-classic"}, "min": 0}
    options = {
        "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"], "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return _panel("timeseries", title, targets, words, defaults, options)


def quantiles(title: str, metric: str, selector: str, words: str, by: str = "") -> Json:
    """p50 and p99 of a histogram of seconds, over the last minutes."""
    labels = f", {by}" if by else ""
    legend = f" {{{{{by}}}}}" if by else ""
    found = [
        target(
            f"histogram_quantile({share}, sum by (le{labels}) (rate({metric}_bucket{selector}[$__rate_interval])))",
            f"p{round(share * 100)}{legend}",
        )
        for share in (0.5, 0.99)
    ]
    return lines(title, found, words, unit="s")


def timeline(title: str, targets: Sequence[Json], words: str, said: Mapping[float, tuple[str, str]]) -> Json:
    """States over time, one bar each."""
    mappings = [
        {"type": "value", "options": {f"{value:g}": {"text": text, "color": color, "index": at}}}
        for at, (value, (text, color)) in enumerate(said.items())
    ]
    defaults = {
        "mappings": mappings, "color": {"mode": "thresholds"}, "thresholds": _steps(((None, GREY),)),
        "custom": {"fillOpacity": 80, "lineWidth": 0},
    }  # fmt: skip
    options = {"mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.85}
    return _panel("state-timeline", title, targets, words, defaults, options)


def table(title: str, columns: Mapping[str, str], words: str, by: str = "gateway") -> Json:
    """One row for each value of a label; `columns`: heading → query."""
    targets = [target(expr, instant=True) | {"format": "table", "legendFormat": ""} for expr in columns.values()]
    panel = _panel("table", title, targets, words, {"custom": {"align": "auto"}}, {"showHeader": True})
    renamed = {f"Value #{chr(ord('A') + at)}": heading for at, heading in enumerate(columns)}
    panel["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": renamed | {by: by}}},
    ]
    return panel


def alerts(title: str, words: str) -> Json:
    """Alerts of Prometheus that fire now."""
    return table(title, {"": 'ALERTS{alertstate="firing", alertname=~"Marketbus.*"}'}, words, by="alertname")


def dashboard(
    uid: str, title: str, rows: Sequence[tuple[int, Sequence[Json]]], variables: Mapping[str, str] | None = None
) -> Json:
    """`rows`: height and panels, laid side by side over the whole width. `variables`: name → query."""
    panels: list[Json] = []
    top = 0
    for height, row in rows:
        left = 0
        for at, panel in enumerate(row):
            width = WIDTH // len(row) + (at < WIDTH % len(row))
            place = {"h": height, "w": width, "x": left, "y": top}
            panels.append({"id": len(panels) + 1, "gridPos": place} | panel)
            left += width
        top += height
    templates = [
        {
            "name": name, "type": "query", "datasource": SOURCE, "query": {"query": query, "refId": name},
            "refresh": 2, "includeAll": True, "multi": True, "sort": 1,
            "current": {"text": "All", "value": "$__all"},
        }
        for name, query in (variables or {}).items()
    ]  # fmt: skip
    links = {
        "type": "dashboards", "tags": ["marketbus"], "title": "marketbus", "asDropdown": False,
        "includeVars": True, "keepTime": True,
    }  # fmt: skip
    return {
        "uid": uid, "title": title, "tags": ["marketbus"], "schemaVersion": 39, "version": 1, "editable": True,
        "refresh": "5s", "time": {"from": "now-30m", "to": "now"}, "timezone": "Asia/Shanghai",
        "templating": {"list": templates}, "links": [links], "annotations": {"list": []}, "panels": panels,
    }  # fmt: skip
