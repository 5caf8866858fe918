"""What may be asked of a line's ticks, whoever numbers them."""

from typing import Protocol, runtime_checkable

from marketbus.domain.histogram import Distribution
from marketbus.domain.instrument import Instrument
from marketbus.domain.tick import Tick


class TickTable(Protocol):
    """Counts and last values. Asked on the loop, kept in SDK threads."""

    @property
    def epoch(self) -> int:
        """Incarnation of this worker."""
        ...

    @property
    def count(self) -> int:
        """Ticks numbered so far."""
        ...

    @property
    def repeats(self) -> int:
        """Snapshots that only answered us."""
        ...

    @property
    def last_received(self) -> int | None:
        """When the newest tick came, ns UTC."""
        ...

    def from_venue(self) -> Distribution:
        """The exchange's stamp → now on the market's clock, of every eighth tick of an instrument inside a session."""
        ...

    def seq(self, instrument: Instrument) -> int:
        """The number of its newest tick; 0: none came."""
        ...

    def last(self, instrument: Instrument) -> Tick | None:
        """The newest tick of an instrument."""
        ...

    def newest(self) -> list[Tick]:
        """The newest tick of each instrument."""
        ...

    def expect_repeat(self, instrument: Instrument, now: int) -> None:
        """We ask for an instrument that is subscribed already: its unchanged snapshot is an answer to us, no tick.

        `now` is the wall clock, ns UTC.
        """
        ...


@runtime_checkable
class NumbersTicks(Protocol):
    """A gateway that may number and publish its ticks itself, past the sink."""

    @property
    def ticks(self) -> TickTable | None:
        """They, if it does."""
        ...

    @property
    def ticks_path(self) -> str:
        """Who translates them: `native`, or `python` and why."""
        ...
