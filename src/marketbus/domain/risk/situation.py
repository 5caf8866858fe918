"""What the rules look at: plain values, so that each rule is a function of an order, the limits and these."""

import msgspec

from marketbus.domain.contract import Contract
from marketbus.domain.market_calendar import Phase
from marketbus.domain.order import Order
from marketbus.domain.rates import MarginRates
from marketbus.domain.risk.thresholds import Abnormal, HighFrequency


class Market(msgspec.Struct, frozen=True):
    """The instrument's contract and market, as far as they are known."""

    contract: Contract | None = None
    last: float | None = None
    limit_up: float | None = None
    limit_down: float | None = None
    price_at: int | None = None
    """When the last tick was received, ns UTC."""
    margin: MarginRates | None = None
    """Where the venue was asked; else the contract's ratios count."""
    phase: Phase | None = None
    """None where the hours are not known."""


class Closable(msgspec.Struct, frozen=True):
    """Lots that can be closed: held and not claimed by another order."""

    volume: float
    today: float
    yesterday: float


class Situation(msgspec.Struct, frozen=True):
    """An order's surroundings at the moment it is judged. Nothing in it counts the order itself."""

    now: int
    """ns UTC"""
    trading_day: int
    market: Market
    adds: float
    """Lots by which it would raise the position; 0 for one that closes."""
    held: float = 0.0
    """Lots on the side it would raise, and those that open orders would add there."""
    closable: Closable | None = None
    """On the side it would close; None while the positions are not known."""
    exposure: float = 0.0
    """Currency, open orders included."""
    available: float | None = None
    """Currency, less what open orders will need; None while the funds are not known."""
    open_orders: int = 0
    """Of the account."""
    own: tuple[Order, ...] = ()
    """Open orders of this instrument."""
    identical: int = 0
    """Orders like it within the time that the limits say."""
    profit: float | None = None
    """Of today, currency."""
    loss_stop: bool = False
    per_second: int = 0
    """Orders and cancels in the last second; likewise the others."""
    per_day: int = 0
    exchange_per_second: int = 0
    exchange_per_day: int = 0
    exchange_unspent: int = 0
    exchange_bursts: int = 0
    cancels: int = 0
    """Of this contract today."""
    high_frequency: HighFrequency | None = None
    abnormal: Abnormal | None = None
