"""Writes docs/asyncapi.yaml from the code; `--check` fails when the file says something else."""

import sys
import tomllib
from pathlib import Path

import yaml

from marketbus.wire.asyncapi import document

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "asyncapi.yaml"


def main() -> int:
    """Write or check."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = yaml.safe_dump(document(version), sort_keys=False, allow_unicode=True, width=120)
    if "--check" in sys.argv:
        if not TARGET.exists() or TARGET.read_text() != text:
            print(f"{TARGET.relative_to(ROOT)} differs from the code: run `python -m tools.asyncapi`", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
