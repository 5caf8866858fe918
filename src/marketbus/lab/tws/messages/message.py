"""One message to a client."""

from typing import NamedTuple

from marketbus.lab.tws import frame
from marketbus.lab.tws.frame import Field


class Message(NamedTuple):
    """`step`: its name, such as "orderStatus:Filled", by which faults find it."""

    step: str
    data: bytes


def message(step: str, *fields: Field) -> Message:
    """The first field is the message's id."""
    return Message(step, frame.encode(*fields))
