"""Writes what a command found: a line each, or a JSON object a line."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from marketbus.domain.account import Account
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.wire.codec import to_object

P = TypeVar("P", Order, Position, Account, OrderPreview)


def show(found: Sequence[P], line: Callable[[P], str], *, as_json: bool, nothing: str = "") -> None:
    """To stdout; that there is nothing is said on stderr, where a person reads."""
    write = msgspec.json.encode
    lines = [
        write(each if isinstance(each, OrderPreview) else to_object(each)).decode() if as_json else line(each)
        for each in found
    ]
    sys.stdout.write("".join(f"{each}\n" for each in lines))
    sys.stdout.flush()
    if not lines and not as_json and nothing:
        sys.stderr.write(f"marketbus: {nothing}\n")
