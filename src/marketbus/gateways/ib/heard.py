"""Who is told what TWS says, message by message."""

from collections.abc import Sequence
from typing import Protocol

from ib_async.contract import Contract
from ib_async.objects import CommissionReport, Execution
from ib_async.order import Order, OrderState


class QuotesHeard(Protocol):
    """Market data, message by message."""

    def price(self, number: int, kind: int, price: float, size: float) -> None:
        """A price with its size, 0 where there is none."""
        ...

    def size(self, number: int, kind: int, size: float) -> None:
        """A size alone."""
        ...

    def text(self, number: int, kind: int, text: str) -> None:
        """A time, or a trade in words."""
        ...

    def data_type(self, number: int, kind: int) -> None:
        """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
        ...

    def begun(self, number: int) -> None:
        """TWS took the subscription."""
        ...

    def rerouted(self, number: int, con_id: int, exchange: str) -> None:
        """The market data of a CFD are those of another contract: to be asked for as such."""
        ...

    def depth(self, number: int, position: int, operation: int, side: int, price: float, size: float) -> None:
        """One change of a book."""
        ...

    def depth_reset(self, number: int) -> None:
        """A book begins anew."""
        ...

    def trade(self, number: int, time: int, price: float, size: float) -> None:
        """Tick by tick: a trade, at exchange time in seconds."""
        ...

    def quote(self, number: int, time: int, bid: float, ask: float, bid_size: float, ask_size: float) -> None:
        """Tick by tick: bid and ask."""
        ...

    def refused(self, number: int, code: int, words: str) -> bool:
        """Whether an error was about a subscription."""
        ...

    def symbol(self, number: int) -> str:
        """What a subscription is of, for the log."""
        ...


class OrdersHeard(Protocol):
    """Orders and fills."""

    def open_order(self, contract: Contract, order: Order, state: OrderState) -> None:
        """An order as it stands."""
        ...

    def status(self, order_id: int, client_id: int, perm_id: int, status: str, filled: float, average: float) -> None:
        """Where an order stands."""
        ...

    def completed(self, contract: Contract, order: Order, state: OrderState) -> None:
        """One that is over, as the answer to a query."""
        ...

    def execution(self, number: int, contract: Contract, execution: Execution) -> None:
        """A fill."""
        ...

    def commission(self, report: CommissionReport) -> None:
        """What a fill cost."""
        ...

    def error(self, order_id: int, code: int, words: str) -> bool:
        """Whether an error was about an order."""
        ...

    def earned(self, daily: float, open_: float, realised: float) -> None:
        """The account's profit of today; of it what was realised, and of what is open since it was opened."""
        ...


class LineHeard(Protocol):
    """The line itself."""

    def greeted(self) -> None:
        """TWS speaks the protocol; it has not said yet that it takes us."""
        ...

    def accounts(self, accounts: Sequence[str]) -> None:
        """What TWS is logged in with."""
        ...

    def notice(self, code: int, words: str) -> None:
        """An error or a word about the line."""
        ...

    def spoke(self) -> None:
        """Something came over the socket."""
        ...

    def unreadable(self, fields: Sequence[str], error: Exception) -> None:
        """A message that cannot be read."""
        ...
