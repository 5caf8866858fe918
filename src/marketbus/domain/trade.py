"""A trade: one fill of one order."""

import datetime as dt
from typing import NamedTuple

import msgspec

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset
from marketbus.domain.times import to_datetime


class TradeKey(NamedTuple):
    """What makes a fill unique.

    Exchanges number their fills per day; the two sides of a self-trade, and the legs of a combination, share a number.
    """

    exchange: Exchange
    trading_day: int
    tradeid: str
    symbol: str
    direction: Direction


class Trade(msgspec.Struct, frozen=True, array_like=True, tag="td.trade/1", gc=False):
    """One fill; the fields are in wire order. Price in quote currency, volume in lots, times ns UTC."""

    gateway: str
    account: str
    symbol: str
    exchange: Exchange
    tradeid: str
    """The exchange's number of the fill."""
    client_order_id: str
    """Empty while the order is not known."""
    direction: Direction
    offset: Offset
    price: float
    volume: float
    datetime: int = 0
    """Exchange time."""
    received: int = 0
    trading_day: int = 0
    """yyyymmdd"""
    journal_position: int = 0
    venue_id: str = ""
    """The exchange's number of the order (CTP: OrderSysID)."""
    venue_ref: str = ""
    """The session's number of the order, where the venue gives it with the fill."""
    hedge: HedgeFlag = HedgeFlag.SPECULATION
    commission: float | None = None
    """Currency; None where neither the venue nor known rates give it."""
    reference: str = ""
    """The order's."""
    origin: str = ""
    """The order's."""
    external: bool = False
    ext: dict[str, str | int | float | bool | None] | None = None

    @property
    def key(self) -> TradeKey:
        """What makes it unique."""
        return TradeKey(self.exchange, self.trading_day, self.tradeid, self.symbol, self.direction)

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`."""
        return f"{self.symbol}.{self.exchange}"

    @property
    def vt_orderid(self) -> str:
        """`ctp-main.ID`, as vnpy names orders."""
        return f"{self.gateway}.{self.client_order_id}"

    @property
    def vt_tradeid(self) -> str:
        """`ctp-main.ID`, as vnpy names trades."""
        return f"{self.gateway}.{self.tradeid}"

    @property
    def time(self) -> dt.datetime | None:
        """Exchange time in Asia/Shanghai; None where the venue says nothing."""
        return to_datetime(self.datetime) if self.datetime else None
