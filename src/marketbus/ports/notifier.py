"""Where operators are told of something wherever they are."""

from typing import Protocol

from marketbus.domain.alert import Severity
from marketbus.domain.errors import MarketBusError


class NotDelivered(MarketBusError):
    """A message did not arrive; says why, without any secret."""

    code = "not_delivered"


class Notifier(Protocol):
    """One target: a chat, a mailbox, a web hook."""

    @property
    def name(self) -> str:
        """Kind and number, such as `dingtalk-0`; holds no secret."""
        ...

    async def send(self, title: str, body: str, severity: Severity, *, over: bool = False) -> None:
        """Deliver one message. `over`: it tells of the end of something.

        Raises:
            NotDelivered: it did not arrive within the adapter's time.
        """
        ...
