"""Ticks that native code numbers and keeps, as the application asks for them."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from marketbus.domain.histogram import Distribution
from marketbus.domain.instrument import Instrument
from marketbus.domain.tick import Tick
from marketbus.domain.times import NS

ANSWER_WITHIN = 5 * NS
"""As application.market_data."""
_decode = msgspec.msgpack.Decoder(Tick).decode


class Counters(Protocol):
    """So far."""

    @property
    def count(self) -> int:
        """Ticks."""
        ...

    @property
    def repeats(self) -> int:
        """Snapshots that only answered us."""
        ...

    @property
    def last_received(self) -> int:
        """When the newest tick came, ns UTC; 0 before the first."""
        ...

    @property
    def from_venue(self) -> Iterable[int]:
        """How many delays lie within each range of `domain.histogram`."""
        ...

    @property
    def from_venue_total(self) -> float:
        """Their sum, seconds."""
        ...


class NativeTable(Protocol):
    """What native code keeps of a line's ticks. Instruments are `rb2701.SHFE`, ticks payloads of the bus."""

    @property
    def epoch(self) -> int:
        """Of every tick."""
        ...

    def counters(self) -> Counters:
        """So far."""
        ...

    def seq(self, vt_symbol: str, /) -> int:
        """Number of the newest tick, 0 without one."""
        ...

    def last(self, vt_symbol: str, /) -> bytes:
        """The newest tick, empty without one."""
        ...

    def newest(self) -> list[bytes]:
        """That of each instrument."""
        ...

    def expect_repeat(self, vt_symbol: str, until: int, /) -> None:
        """An unchanged snapshot until then, ns UTC, is no tick."""
        ...


class NativeTicks:
    """Implements ports.ticks.TickTable: last values are pulled, none is pushed."""

    def __init__(self, table: NativeTable) -> None:
        self._table = table

    @property
    def epoch(self) -> int:
        """See TickTable."""
        return self._table.epoch

    @property
    def count(self) -> int:
        """See TickTable."""
        return self._table.counters().count

    @property
    def repeats(self) -> int:
        """See TickTable."""
        return self._table.counters().repeats

    @property
    def last_received(self) -> int | None:
        """See TickTable."""
        return self._table.counters().last_received or None

    def from_venue(self) -> Distribution:
        """See TickTable."""
        counters = self._table.counters()
        return Distribution(tuple(counters.from_venue), counters.from_venue_total)

    def seq(self, instrument: Instrument) -> int:
        """See TickTable."""
        return self._table.seq(instrument.vt_symbol)

    def last(self, instrument: Instrument) -> Tick | None:
        """See TickTable."""
        payload = self._table.last(instrument.vt_symbol)
        return _decode(payload) if payload else None

    def newest(self) -> list[Tick]:
        """See TickTable."""
        return [_decode(payload) for payload in self._table.newest()]

    def expect_repeat(self, instrument: Instrument, now: int) -> None:
        """See TickTable."""
        self._table.expect_repeat(instrument.vt_symbol, now + ANSWER_WITHIN)
