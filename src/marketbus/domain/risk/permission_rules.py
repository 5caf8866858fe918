"""May it trade at all: in time, this instrument, now, this close to expiry, after this loss?"""

from functools import lru_cache

from marketbus.domain.instrument import Instrument, Pattern
from marketbus.domain.market_calendar import Phase
from marketbus.domain.order import Order
from marketbus.domain.risk.limits import Limits
from marketbus.domain.risk.situation import Situation
from marketbus.domain.risk.verdict import Verdict
from marketbus.domain.times import from_yyyymmdd


def valid_until(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """It is not late: a request that a broken line held back is refused, not executed."""
    if situation.now <= order.valid_until:
        return None
    return Verdict("valid_until", order.valid_until, round((situation.now - order.valid_until) / 1e9, 3))


def contract(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """The venue lists the instrument."""
    return None if situation.market.contract is not None else Verdict("contract", "", order.vt_symbol)


def instrument(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """The account may trade it; a position in what it may not trade can still be closed."""
    if not situation.adds:
        return None
    if forbidden := _first(limits.forbidden, order.instrument):
        return Verdict("instrument", f"forbidden: {forbidden}", order.vt_symbol)
    allowed = _first(limits.instruments, order.instrument)
    return None if allowed else Verdict("instrument", " ".join(limits.instruments), order.vt_symbol)


def hours(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """The market is open, or in its call auction."""
    if not limits.only_in_hours or situation.market.phase is not Phase.CLOSED:
        return None
    return Verdict("hours", "", order.vt_symbol)


def expiry(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """Nothing is opened shortly before it expires: individuals may not take a position into delivery."""
    limit, listed = limits.min_days_to_expiry, situation.market.contract
    if limit is None or listed is None or listed.expire_date is None or not situation.adds:
        return None
    days = (from_yyyymmdd(listed.expire_date) - from_yyyymmdd(situation.trading_day)).days
    return None if days >= limit else Verdict("expiry", limit, days, {"expires": listed.expire_date})


def daily_loss(limits: Limits, order: Order, situation: Situation) -> Verdict | None:
    """The day has not lost too much; what is open may be closed."""
    limit = limits.max_daily_loss
    if limit is None or not situation.adds:
        return None
    loss = 0.0 - (situation.profit or 0.0)
    reached = situation.loss_stop or (loss >= limit and loss > 0)
    return Verdict("daily_loss", limit, round(loss, 2)) if reached else None


def _first(patterns: tuple[str, ...], wanted: Instrument) -> str:
    return next((text for text in patterns if _pattern(text).matches(wanted)), "")


@lru_cache(maxsize=1024)
def _pattern(text: str) -> Pattern:
    return Pattern(text)
