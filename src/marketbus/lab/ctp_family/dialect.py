"""What one member of the CTP family has of its own; everything else in this folder is shared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from marketbus.lab.hours import Hours
from marketbus.lab.instruments import Kind, Listing


@dataclass(frozen=True, slots=True)
class Dialect:
    """One member: where its headers come from, what its libraries export, and what its counter lists and sends."""

    kind: str
    """The word in the configuration and on the command line."""
    distribution: str
    """The pinned source distribution that carries the headers, with `version` and the archive's `sha256`."""
    version: str
    sha256: str
    include: str
    """The folder of the headers in it."""
    libraries: Mapping[str, str]
    """"md" and "td" → file name, which is also the SONAME: what vnpy's extension modules ask for."""
    create: Mapping[str, str]
    """"md" and "td" → the factory with its argument types, as C++ declares them."""
    api_version: str
    """What GetApiVersion answers: nobody should take the lab for the vendor's library."""
    listings: Callable[[date, int], list[Listing]]
    """That many instruments of a trading day."""
    product_classes: Mapping[Kind, str]
    """THOST_FTDC_PC_*"""
    columns: Callable[[Listing], Mapping[str, str]]
    """Fields of an instrument's record that only this member has."""
    hours: Hours
    """The hours most of its products keep: those its market time lives in."""
    night: bool
    """Whether the counter comes up again in the evening."""
    action_day: bool
    """Whether ticks carry ActionDay."""

    @property
    def name(self) -> str:
        """As people write it."""
        return self.kind.upper()
