"""The limits of one account. Defaults are for a small account's first day; `tighten` never loosens."""

from typing import Any

import msgspec

from marketbus.domain.errors import BadRequest
from marketbus.domain.instrument import Pattern


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one account may do. None switches a rule off; volumes in lots, money in the account's currency.

    Raises (on construction):
        BadRequest: a limit below 0.
        SymbolError: not a pattern.
    """

    max_order_volume: float | None = 10.0
    max_order_notional: float | None = 5_000_000.0
    max_position: float | None = 50.0
    """Lots per instrument and side, open orders included."""
    max_exposure: float | None = 20_000_000.0
    """Sum of all positions and of all orders that open, at their prices."""
    max_open_orders: int | None = 50
    price_collar: float | None = 0.03
    """How much worse than the last price an order may be priced, as a share of it."""
    collar_ticks: int = 10
    """The collar is never narrower than this many price ticks: spreads trade around 0."""
    max_price_age: float | None = 60.0
    """Seconds since the last tick of the instrument."""
    orders_per_second: int | None = 9
    """Orders and cancels within any second; 10 count as one of the occasions that make programme trading."""
    orders_per_day: int | None = 2_000
    """Orders and cancels of a trading day."""
    cancels_per_contract: int | None = 300
    """Of a trading day; exchanges look at 400 to 500."""
    max_identical: int | None = 3
    """Orders alike in everything within `identical_within`."""
    identical_within: float = 1.0
    """Seconds."""
    max_daily_loss: float | None = 50_000.0
    """After it, only closing orders until the trading day is over."""
    min_days_to_expiry: int | None = 3
    """Calendar days; nearer to it a position may only be closed."""
    only_in_hours: bool = True
    high_frequency: bool = False
    """The account is reported as a high-frequency one, so that the exchanges' thresholds need not be kept."""
    instruments: tuple[str, ...] = ("*",)
    """Patterns; an instrument must be taken by one of them."""
    forbidden: tuple[str, ...] = ()
    """Patterns; an instrument must be taken by none of them."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, int | float) and not value >= 0:
                raise BadRequest(f"{name}: {value} must not be below 0")
        for text in (*self.instruments, *self.forbidden):
            Pattern(text)


class Tightening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to become stricter at run time; what is not named stays."""

    max_order_volume: float | None = None
    max_order_notional: float | None = None
    max_position: float | None = None
    max_exposure: float | None = None
    max_open_orders: int | None = None
    price_collar: float | None = None
    collar_ticks: int | None = None
    max_price_age: float | None = None
    orders_per_second: int | None = None
    orders_per_day: int | None = None
    cancels_per_contract: int | None = None
    max_identical: int | None = None
    max_daily_loss: float | None = None
    min_days_to_expiry: int | None = None
    forbidden: tuple[str, ...] = ()


_HIGHER_IS_STRICTER = {"min_days_to_expiry"}


def looser(limits: Limits, asked: Tightening) -> list[str]:
    """What of it would loosen a limit, such as `max_position: 60 is looser than 50`."""
    found: list[str] = []
    for name in asked.__struct_fields__:
        now, then = getattr(limits, name), getattr(asked, name)
        if name == "forbidden" or now is None or then is None:
            continue
        if then < now if name in _HIGHER_IS_STRICTER else then > now:
            found.append(f"{name}: {then:g} is looser than {now:g}")
    return found


def tighten(limits: Limits, asked: Tightening) -> Limits:
    """The limits with each of those asked for that is stricter; the others stay as they are.

    Raises:
        BadRequest: a limit below 0.
        SymbolError: not a pattern.
    """
    changes: dict[str, Any] = {}
    for name in asked.__struct_fields__:
        now, then = getattr(limits, name), getattr(asked, name)
        if name == "forbidden":
            changes[name] = tuple(dict.fromkeys((*now, *then)))
        elif then is not None:
            stricter = max if name in _HIGHER_IS_STRICTER else min
            changes[name] = then if now is None else stricter(now, then)
    return msgspec.structs.replace(limits, **changes)
