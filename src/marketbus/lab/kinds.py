"""Kinds of gateways that have a simulated counter."""

from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import Dialect
from marketbus.lab.errors import LabError
from marketbus.lab.sopt import SOPT

COUNTERS: dict[str, Dialect] = {each.kind: each for each in (CTP, SOPT)}


def counter(kind: str) -> Dialect:
    """The simulated counter of a kind; raises LabError when there is none."""
    found = COUNTERS.get(kind)
    if found is None:
        raise LabError(f"kind {kind} has no simulated counter: one of {', '.join(COUNTERS)}")
    return found
