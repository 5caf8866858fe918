#!/usr/bin/env bash
# Style, types, layering, and the published schema against the code.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
$bin/ruff format --check -q .
$bin/ruff check -q .
$bin/basedpyright
$bin/lint-imports --no-logo --no-cache
$bin/python -m tools.asyncapi --check
$bin/python -m tools.grafana --check
