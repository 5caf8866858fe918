"""Whether the native accelerator is there; the product obeys MARKETBUS_NATIVE."""

from importlib.util import find_spec

from benchmarks.errors import NotRunnable

MODULE = "marketbus_native"
SWITCH = "MARKETBUS_NATIVE"
PYTHON, NATIVE = "marketbus, Python", "marketbus, native"
"""Names of the two."""


def name(*, native: bool) -> str:
    """Of a lane of ours."""
    return NATIVE if native else PYTHON


def environment(*, native: bool) -> dict[str, str]:
    """What tells the product's processes.

    Raises:
        NotRunnable: it is wanted and not there.
    """
    if native and find_spec(MODULE) is None:
        raise NotRunnable("the native accelerator is not installed")
    return {SWITCH: "1" if native else "0"}
