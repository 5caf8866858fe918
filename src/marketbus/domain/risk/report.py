"""Limits in force and how much of each is used, as an operator asks for them."""

import msgspec

from marketbus.domain.instrument import Exchange
from marketbus.domain.risk.limits import Limits


class Usage(msgspec.Struct, frozen=True):
    """How much of one limit is used; `limit` None when the rule is off."""

    rule: str
    limit: float | None
    value: float
    key: str = ""
    """Of the limit in the configuration."""


class ExchangeUse(msgspec.Struct, frozen=True):
    """Orders and cancels of the trading day beside what the exchange calls programme or high-frequency trading.

    A number of the exchange is None where it has none.
    """

    exchange: Exchange
    orders: int
    cancels: int
    most_per_second: int
    """Within any second."""
    bursts: int
    """Occasions of `burst` orders and cancels within a second."""
    limit_per_second: int | None = None
    limit_per_day: int | None = None
    burst: int | None = None
    limit_bursts: int | None = None


class CancelUse(msgspec.Struct, frozen=True):
    """Cancels of one contract on the trading day; `limit` is the stricter of ours and the exchange's."""

    vt_symbol: str
    cancels: int
    large: int
    limit: int | None


class RiskReport(msgspec.Struct, frozen=True):
    """Of one account."""

    gateway: str
    account: str
    trading_day: int
    """yyyymmdd; 0 before the first login"""
    limits: Limits
    """In force."""
    configured: Limits
    tightened: tuple[str, ...]
    """Names of the limits that are stricter than configured."""
    usage: tuple[Usage, ...]
    exchanges: tuple[ExchangeUse, ...]
    cancels: tuple[CancelUse, ...]
    """Of the contracts that had any."""
    loss_stop: bool
    """The daily loss was reached: only closing until the trading day is over."""
    denied: dict[str, int]
    """Orders that we denied since the worker began, by rule."""
