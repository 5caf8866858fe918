"""Whether the native accelerator is there; the product obeys MARKETBUS_NATIVE."""

from collections.abc import Mapping

from benchmarks.errors import NotRunnable
from marketbus.wire.native import native as installed

SWITCH = "MARKETBUS_NATIVE"
PYTHON, NATIVE = "marketbus, Python", "marketbus, native"
"""Names of the two."""
TICKS, MARKET_DATA = "ticks", "market_data"
"""Parts of `GatewayStatus.native`: from a tick to the bus; from the SDK to a tick."""


def name(*, native: bool) -> str:
    """Of a lane of ours."""
    return NATIVE if native else PYTHON


def environment(*, native: bool) -> dict[str, str]:
    """What tells the product's processes.

    Raises:
        NotRunnable: it is wanted and not there.
    """
    if native and (found := installed()).module is None:
        raise NotRunnable(found.words.removeprefix("python: "))
    return {SWITCH: "1" if native else "0"}


def check(parts: Mapping[str, str], *wanted: str) -> None:
    """Hold what a worker's status says of its parts against what is wanted of it.

    Raises:
        NotRunnable: a part that should run natively does not.
    """
    for part in wanted:
        words = parts.get(part, "the status does not say")
        if not words.startswith("native"):
            raise NotRunnable(f"{part}: {words}")
