"""`python -m tools.grafana [--check]`."""

import json
import sys
from pathlib import Path

from tools.grafana.gateway import gateway
from tools.grafana.orders import orders
from tools.grafana.overview import overview

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


def main() -> int:
    """Write or check."""
    stale = 0
    for board in (overview(), gateway(), orders()):
        file = FOLDER / f"{board['uid']}.json"
        text = json.dumps(board, ensure_ascii=False, indent=1) + "\n"
        if "--check" not in sys.argv:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            print(f"{file.name} differs from the code: run `python -m tools.grafana`", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
