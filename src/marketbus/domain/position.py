"""A position: what an account holds of one instrument in one direction."""

import msgspec

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.order_terms import Direction, HedgeFlag


class Position(msgspec.Struct, frozen=True, array_like=True, tag="td.position/1", gc=False):
    """One position; the fields are in wire order. Volumes in lots, costs, margin and profit in currency.

    `open_*` reckon from the price a lot was opened at, `price`, `position_cost` and `pnl` from the price it is carried
    at: the open price today, the settlement price of the day before afterwards (mark to market).
    """

    gateway: str
    account: str
    symbol: str
    exchange: Exchange
    direction: Direction
    volume: float = 0.0
    yd_volume: float = 0.0
    """Of `volume`, the lots held since before today."""
    frozen: float = 0.0
    """Of `volume`, the lots that open close orders claim."""
    price: float = 0.0
    """Average price the lots are carried at (vnpy)."""
    pnl: float = 0.0
    """Profit of the held lots since they were opened or last settled (vnpy)."""
    journal_position: int = 0
    yd_frozen: float = 0.0
    """Of `frozen`, what is claimed of yesterday's lots, on exchanges that tell them apart."""
    open_price: float = 0.0
    """Average price the lots were opened at."""
    open_cost: float = 0.0
    position_cost: float = 0.0
    margin: float = 0.0
    close_profit: float = 0.0
    """Realised today, mark to market."""
    commission: float = 0.0
    """Of today."""
    hedge: HedgeFlag = HedgeFlag.SPECULATION
    trading_day: int = 0
    """yyyymmdd"""
    updated: int = 0
    """ns UTC"""
    ext: dict[str, str | int | float | bool | None] | None = None

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`."""
        return f"{self.symbol}.{self.exchange}"

    @property
    def td_volume(self) -> float:
        """Lots opened today."""
        return self.volume - self.yd_volume

    @property
    def available(self) -> float:
        """Lots that can still be closed."""
        return self.volume - self.frozen
