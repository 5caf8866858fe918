"""Which state of an order may follow which, and what a venue's words make of it."""

from marketbus.domain.order import OrderState

NEW, SENT, ACCEPTED, PARTIAL, FILLED, CANCELLED, REJECTED, DENIED, UNKNOWN = OrderState

_NEXT: dict[OrderState, frozenset[OrderState]] = {
    # The venue's word may overtake everything of ours: an order can be filled before the SDK call has returned.
    NEW: frozenset({SENT, ACCEPTED, PARTIAL, FILLED, CANCELLED, REJECTED, DENIED, UNKNOWN}),
    SENT: frozenset({ACCEPTED, PARTIAL, FILLED, CANCELLED, REJECTED, UNKNOWN}),
    UNKNOWN: frozenset({SENT, ACCEPTED, PARTIAL, FILLED, CANCELLED, REJECTED}),
    ACCEPTED: frozenset({PARTIAL, FILLED, CANCELLED, REJECTED}),
    PARTIAL: frozenset({FILLED, CANCELLED}),
    CANCELLED: frozenset({FILLED}),  # the last fill was under way when the cancel was confirmed
    FILLED: frozenset(),
    REJECTED: frozenset(),
    DENIED: frozenset(),
}

_PROGRESS = {NEW: 0, SENT: 1, UNKNOWN: 1, ACCEPTED: 2, PARTIAL: 3, FILLED: 4, CANCELLED: 4, REJECTED: 4, DENIED: 4}


def may_follow(now: OrderState, then: OrderState) -> bool:
    """Whether an order in state `now` may enter `then`."""
    return then in _NEXT[now]


def is_behind(now: OrderState, then: OrderState) -> bool:
    """Whether `then` is what a report delivered late, or a second time, would say of an order that is at `now`."""
    if now is DENIED:
        return False  # it never reached the SDK: no venue can have a word about it
    return _PROGRESS[then] < _PROGRESS[now] or (now, then) in _SAME_END


_SAME_END = {(REJECTED, CANCELLED), (CANCELLED, REJECTED)}
"""CTP says of one refused order both "rejected" (OnRspOrderInsert) and "cancelled" (OnRtnOrder)."""


def reported(state: OrderState, traded: float, volume: float) -> OrderState:
    """The state that a venue's word and the lots filled so far make together; the fills may be ahead of the word."""
    if state is REJECTED or state is UNKNOWN:
        return state
    if state is FILLED or is_full(traded, volume):
        return FILLED
    if state is CANCELLED:
        return CANCELLED
    return PARTIAL if traded > 0 else (SENT if state is SENT else ACCEPTED)


def is_full(traded: float, volume: float) -> bool:
    """Whether nothing is left; sums of fractional lots (crypto) miss the last digit."""
    return traded >= volume * (1 - _ROUNDING)


def is_over(traded: float, volume: float) -> bool:
    """Whether more was filled than asked for."""
    return traded > volume * (1 + _ROUNDING)


_ROUNDING = 1e-9
