"""The bus side of trading: what consumers hear of orders, and where the journal's head is remembered elsewhere."""

from collections.abc import Sequence
from typing import Protocol

from marketbus.domain.account import Account
from marketbus.domain.journal_entry import Head
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade

TradingPayload = Order | Trade | Position | Account
"""What a td.* subject carries; `journal_position` is set."""


class TradingPublisher(Protocol):
    """Carries td.* events, in the order they are given."""

    async def tell(self, payloads: Sequence[TradingPayload]) -> None:
        """Publish; returns once the bus has them. After an error the same are given again, later.

        Raises:
            BusUnavailable: the bus may not have them all.
        """
        ...


class HeadRegister(Protocol):
    """Remembers a journal's head outside this machine, so that an older copy of the journal is noticed."""

    async def last(self) -> Head | None:
        """The head last announced; None when there never was one.

        Raises:
            BusUnavailable: it cannot be asked now.
        """
        ...

    async def announce(self, head: Head) -> None:
        """Remember this one.

        Raises:
            BusUnavailable: not remembered.
        """
        ...
