"""A tick: the state of one instrument's market at one moment."""

import datetime as dt
from enum import IntFlag

import msgspec

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.times import to_datetime


class TickFlag(IntFlag):
    """Bits of `Tick.flags`."""

    OUT_OF_SESSION = 1
    """The exchange time lies outside the instrument's trading hours."""
    AUCTION = 2
    """Call auction."""
    DATE_INFERRED = 4
    """The venue's dates were missing or wrong; the date was derived from the calendar and the clock."""
    CROSSED = 8
    """bid_price_1 >= ask_price_1."""
    SNAPSHOT = 16
    """The last known value, given on subscription, not a new event."""
    DELAYED = 32
    """Delayed data, as the venue declares it."""
    NO_LAST = 64
    """No trade yet: last_price means nothing."""
    SIMULATED = 128
    """From a simulated venue."""


class Tick(msgspec.Struct, frozen=True, array_like=True, tag="tick/1", gc=False):
    """One tick; the fields stand in wire order and carry vnpy's TickData names.

    Prices are in the contract's quote currency, volumes in lots, turnover in currency. A statistic that the venue
    does not give is None; a book level is absent if and only if its volume is 0.
    """

    gateway: str
    symbol: str
    exchange: Exchange
    datetime: int
    """Exchange time, ns UTC."""
    received: int
    """Our clock in the SDK's callback, ns UTC."""
    epoch: int = 0
    """Incarnation of the publisher, strictly increasing."""
    seq: int = 0
    """Number of this tick within its instrument and epoch, from 1 without a hole."""
    trading_day: int = 0
    """yyyymmdd; the night session belongs to the next trading day."""
    flags: int = 0
    name: str = ""
    volume: float = 0.0
    """Lots traded in the trading day so far."""
    turnover: float = 0.0
    open_interest: float = 0.0
    last_price: float = 0.0
    last_volume: float = 0.0
    """Lots since the previous tick, derived where the venue gives none."""
    limit_up: float | None = None
    limit_down: float | None = None
    open_price: float | None = None
    high_price: float | None = None
    low_price: float | None = None
    pre_close: float | None = None
    bid_price_1: float = 0.0
    bid_price_2: float = 0.0
    bid_price_3: float = 0.0
    bid_price_4: float = 0.0
    bid_price_5: float = 0.0
    ask_price_1: float = 0.0
    ask_price_2: float = 0.0
    ask_price_3: float = 0.0
    ask_price_4: float = 0.0
    ask_price_5: float = 0.0
    bid_volume_1: float = 0.0
    bid_volume_2: float = 0.0
    bid_volume_3: float = 0.0
    bid_volume_4: float = 0.0
    bid_volume_5: float = 0.0
    ask_volume_1: float = 0.0
    ask_volume_2: float = 0.0
    ask_volume_3: float = 0.0
    ask_volume_4: float = 0.0
    ask_volume_5: float = 0.0
    pre_settlement: float | None = None
    settlement_price: float | None = None
    pre_open_interest: float | None = None
    average_price: float | None = None
    extra: dict[str, str | int | float | bool | None] | None = None

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`."""
        return f"{self.symbol}.{self.exchange}"

    @property
    def time(self) -> dt.datetime:
        """Exchange time in Asia/Shanghai."""
        return to_datetime(self.datetime)

    @property
    def simulated(self) -> bool:
        """Whether a simulated venue made it."""
        return bool(self.flags & TickFlag.SIMULATED)

    @property
    def in_session(self) -> bool:
        """Whether the exchange time lies in the instrument's trading hours."""
        return not self.flags & TickFlag.OUT_OF_SESSION


def numbered(tick: Tick, epoch: int, seq: int) -> Tick:
    """Give a tick its number, in place: it has one owner until it is numbered and none but readers after."""
    msgspec.structs.force_setattr(tick, "epoch", epoch)
    msgspec.structs.force_setattr(tick, "seq", seq)
    return tick


def with_flag(tick: Tick, flag: TickFlag) -> Tick:
    """A copy of the tick that carries one more flag."""
    return msgspec.structs.replace(tick, flags=tick.flags | flag)
