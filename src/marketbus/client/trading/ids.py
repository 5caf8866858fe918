"""Names of orders that a client makes itself."""

import secrets
import time

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TIME, _CHANCE = 8, 12


def new_order_id() -> str:
    """20 characters, `0-9 a-z`: the millisecond, so that ids of one machine sort by time, then 62 bits of chance.

    An id is an order's name for ever, in every program of the account; a counter would begin anew with the process.
    """
    return _text(time.time_ns() // 1_000_000, _TIME) + "".join(secrets.choice(_DIGITS) for _ in range(_CHANCE))


def _text(number: int, length: int) -> str:
    out = ""
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        out = _DIGITS[digit] + out
    return out
