#!/usr/bin/env bash
# Resolves requirements/*.txt anew from pyproject.toml and requirements/*.in.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .uv/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header "$@"; }
compile pyproject.toml --all-extras --group dev -c requirements/constraints.txt --overrides requirements/overrides.txt -o requirements/dev.txt
compile pyproject.toml --extra server --extra alerts --extra ib --extra ctp --extra sopt -c requirements/constraints.txt --overrides requirements/overrides.txt -o requirements/server.txt
compile requirements/build.in -o requirements/build.txt
compile requirements/uv.in -o requirements/uv.txt
