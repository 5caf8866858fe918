"""Writes the dashboards of deploy/grafana; `python -m tools.grafana [--check]`."""
