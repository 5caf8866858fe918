"""The core's ticks, as the application asks for them."""

import msgspec

from marketbus.domain.histogram import Distribution
from marketbus.domain.instrument import Instrument
from marketbus.domain.tick import Tick
from marketbus.domain.times import NS
from marketbus.gateways.ctp_family.direct.core import Core

ANSWER_WITHIN = 5 * NS
"""As application.market_data."""
_decode = msgspec.msgpack.Decoder(Tick).decode


class CoreTicks:
    """Implements ports.ticks.TickTable: last values are pulled, none is pushed."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def epoch(self) -> int:
        """See TickTable."""
        return self._core.epoch

    @property
    def count(self) -> int:
        """See TickTable."""
        return self._core.counters().count

    @property
    def repeats(self) -> int:
        """See TickTable."""
        return self._core.counters().repeats

    @property
    def last_received(self) -> int | None:
        """See TickTable."""
        return self._core.counters().last_received or None

    def from_venue(self) -> Distribution:
        """See TickTable."""
        counters = self._core.counters()
        return Distribution(tuple(counters.from_venue), counters.from_venue_total)

    def seq(self, instrument: Instrument) -> int:
        """See TickTable."""
        return self._core.seq(instrument.vt_symbol)

    def last(self, instrument: Instrument) -> Tick | None:
        """See TickTable."""
        payload = self._core.last(instrument.vt_symbol)
        return _decode(payload) if payload else None

    def newest(self) -> list[Tick]:
        """See TickTable."""
        return [_decode(payload) for payload in self._core.newest()]

    def expect_repeat(self, instrument: Instrument, now: int) -> None:
        """See TickTable."""
        self._core.expect_repeat(instrument.vt_symbol, now + ANSWER_WITHIN)
