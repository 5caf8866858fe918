"""One kind's records through a library that was built with sanitizers."""

import sys
from pathlib import Path
from random import Random

from marketbus.lab.kinds import COUNTERS
from tests.system.past_python import DIALECTS
from tests.unit.gateways.direct import Records, Twins, shape


def main(kind: str, library: str, count: str) -> None:
    """Raises AssertionError at the first difference; a sanitizer ends the process."""
    layout = shape(COUNTERS[kind])
    twins = Twins(DIALECTS[kind], Path(library), layout)
    records = Records(Random(f"{kind} {count}"), layout)
    taken = sum(twins.same(*records.next()) is not None for _ in range(int(count)))
    twins.close()
    print(f"{kind}: {count} records, {taken} ticks, 0 differences")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
