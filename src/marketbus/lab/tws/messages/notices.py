"""Errors and notices, and what a session begins with."""

from marketbus.lab.tws import versions
from marketbus.lab.tws.messages.message import Message, message

NO_REQUEST = -1
"""Of notices that answer no request."""


def error(version: int, request: int, code: int, words: str, now_ms: int, reject: str = "") -> Message:
    """An error, a warning or a notice: the code tells which. `reject`: JSON with the reasons of an order's refusal."""
    fields: list[int | str] = [4] if version >= versions.ERROR_TIME else [4, 2]
    fields += [request, code, words]
    if version >= versions.ADVANCED_REJECT:
        fields.append(reject)
    if version >= versions.ERROR_TIME:
        fields.append(now_ms)
    return message(f"error:{code}", *fields)


def managed_accounts(accounts: tuple[str, ...]) -> Message:
    """Their numbers."""
    return message("managedAccounts", 15, 1, ",".join(accounts))


def next_valid_id(order_id: int) -> Message:
    """The first order id not used."""
    return message("nextValidId", 9, 1, order_id)


def current_time(seconds: int) -> Message:
    """Unix seconds."""
    return message("currentTime", 49, 1, seconds)


def current_time_ms(milliseconds: int) -> Message:
    """Unix milliseconds; since version 197."""
    return message("currentTimeInMillis", 109, milliseconds)
