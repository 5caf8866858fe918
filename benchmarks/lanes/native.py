"""Whether the native accelerator is there; the product obeys MARKETBUS_NATIVE."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.errors import NotRunnable

SWITCH = "MARKETBUS_NATIVE"
JUDGE = "marketbus.wire.native"
"""The product's own judge of what is installed."""
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
    if native and (reason := _why_not()):
        raise NotRunnable(reason)
    return {SWITCH: "1" if native else "0"}


def _why_not() -> str:
    if find_spec(JUDGE) is None:
        return "there is no native accelerator yet"
    judge: Any = import_module(JUDGE)
    found = judge.native()
    return "" if found.module is not None else str(found.words)
