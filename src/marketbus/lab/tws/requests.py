"""What desks tell the server they answer."""

from collections.abc import Callable

from marketbus.lab.tws.frame import Fields
from marketbus.lab.tws.session import Session

Handler = Callable[[Session, Fields], None]
"""Reads a request after its id to the last field and answers it; raises BadFrame."""

Handlers = dict[int, tuple[str, Handler]]
"""Message id → the request's name in the API, and who answers it."""
