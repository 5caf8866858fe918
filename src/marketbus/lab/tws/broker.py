"""The broker behind the simulated TWS: takes orders, matches and books them; keeps its books whoever listens."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol

from marketbus.lab.exchange import Ticks
from marketbus.lab.trading.line import VenueLine
from marketbus.lab.trading.matching import Depth, Fill, Matching
from marketbus.lab.trading.order import Side
from marketbus.lab.tws.account import Account, commission
from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.order import Execution, Order, Status, Ticket
from marketbus.lab.tws.venue import Venue

_FIRST_PERM_ID = 1_800_000_000
_REJECTED = "Order rejected - reason:"
_FUNDS = (
    "We are unable to accept your order. Your Available Funds are insufficient to cover the Initial Margin requirement"
)


class Listener(Protocol):
    """Told of everything that happens, in order."""

    def changed(self, order: Order) -> None:
        """Its state, size or fills."""
        ...

    def executed(self, execution: Execution) -> None:
        """It got something; its changed state is told next, then the commission."""
        ...

    def commissioned(self, execution: Execution) -> None:
        """What a fill cost."""
        ...

    def refused(self, order: Order, code: int, words: str) -> None:
        """The broker or the venue said no; its state is told next."""
        ...

    def cancelled(self, order: Order) -> None:
        """It ended without being filled; its state is told next."""
        ...


class Broker:
    """All accounts and orders. `money`: what each account begins with, base currency."""

    def __init__(self, venue: Venue, accounts: Iterable[str], money: Decimal) -> None:
        self._venue = venue
        self._matching: Matching[Order] = Matching()
        self._waiting: defaultdict[str, list[Order]] = defaultdict(list)
        """Stops not triggered and market orders not filled, by symbol."""
        self._exec_ids = 0
        self.listener: Listener
        self.line = VenueLine()
        self.orders: list[Order] = []
        self.open: dict[int, Order] = {}
        """Those that are live, by number."""
        self.executions: list[Execution] = []
        self.accounts = {number: Account(number, venue.last, money) for number in accounts}
        self.rejection: tuple[int, str, Status] | None = None
        """While set, every order is refused with that code and those words, and ends in that state."""

    def awaited(self) -> set[str]:
        """Symbols with orders that wait for a price."""
        return self._matching.resting() | {symbol for symbol, orders in self._waiting.items() if orders}

    def draft(self, client_id: int, order_id: int, contract: Contract, exchange: str, ticket: Ticket) -> Order:
        """A new order, known but sent nowhere yet."""
        number = len(self.orders) + 1
        order = Order(
            number, _FIRST_PERM_ID + number, client_id, order_id, contract, exchange, ticket, self._venue.now()
        )
        self.orders.append(order)
        self.open[number] = order
        return order

    def submit(self, order: Order) -> None:
        """Sends it to its venue, unless it is refused."""
        refusal = self.rejection or self._unaffordable(order)
        if refusal is not None:
            code, words, status = refusal
            order.words = words
            self.listener.refused(order, code, words)
            self._end(order, status)
            return
        order.status = Status.PRE_SUBMITTED
        self.listener.changed(order)
        self.line(lambda: self._arrive(order))

    def modify(self, order: Order, ticket: Ticket) -> None:
        """Replaces what it asks for; it loses its place in the queue. Refused, it stands as it stood."""

        def arrive() -> None:
            refusal = self._unchangeable(order, ticket)
            if refusal is not None:
                self.listener.refused(order, *refusal)
                self.listener.changed(order)
                return
            self._withdraw(order)
            order.ticket = ticket
            self.listener.changed(order)
            self._arrive(order)

        self.line(arrive)

    def cancel(self, order: Order) -> None:
        """Asks the venue to cancel."""
        order.cancelling = True
        self.line(lambda: self._cancel(order))

    def ticked(self, ticks: Ticks) -> None:
        """The market moved."""
        awaited = self.awaited()
        if not awaited:
            return
        for symbol, depth in self._venue.moved(ticks, awaited):
            for order in list(self._waiting[symbol]):
                self._look(order, depth)
            self._book(self._matching.move(symbol, depth), took=False)

    def strike(self, contract: Contract, side: Side, price: Decimal, size: Decimal) -> Decimal:
        """Somebody else's order arrives; returns how much of our resting orders it filled."""
        increments = int(size / contract.size_increment)
        fills = self._matching.strike(contract.row, side, price, increments)
        self._book(fills, took=False)
        return sum((fill.volume for fill in fills), 0) * contract.size_increment

    def held(self, order: Order) -> str:
        """Why it does not work yet, in TWS's words."""
        if not order.live or order.status is Status.SUBMITTED:
            return ""
        reasons = ["child"] if self._parent_open(order) else []
        if order.is_stop and not order.triggered:
            reasons.append("trigger")
        return ",".join(reasons)

    def family(self, order: Order) -> list[Order]:
        """Its live children."""
        return [
            each
            for each in self.open.values()
            if order.order_id > 0 and each.ticket.parent_id == order.order_id and each.client_id == order.client_id
        ]

    def _unaffordable(self, order: Order) -> tuple[int, str, Status] | None:
        account = self.accounts[order.account]
        signed = order.rest * order.increment * order.side.sign
        change = account.margin_change(order.contract, signed)
        if change <= 0 or order.ticket.parent_id or change <= account.available:
            return None
        return 201, _REJECTED + _FUNDS, Status.INACTIVE

    def _unchangeable(self, order: Order, ticket: Ticket) -> tuple[int, str] | None:
        """It may have been filled meanwhile; more of it may be more than the account can pay."""
        if not order.live:
            return 104, "Cannot modify a filled order."
        if ticket.quantity <= order.filled_size:
            return 201, _REJECTED + "The new quantity is not above what was filled"
        if self.rejection is not None:
            return self.rejection[:2]
        more = (ticket.quantity - order.ticket.quantity) * order.side.sign
        account = self.accounts[order.account]
        if ticket.quantity > order.ticket.quantity and not ticket.parent_id:
            change = account.margin_change(order.contract, more)
            if change > 0 and change > account.available:
                return 201, _REJECTED + _FUNDS
        return None

    def _arrive(self, order: Order) -> None:
        if not order.live:
            return
        if self._parent_open(order):
            return  # until its parent is filled
        if order.is_stop and not order.triggered:
            self._waiting[order.symbol].append(order)
            self._look(order, self._venue.depth(order.contract))
            return
        self._enter(order, self._venue.depth(order.contract))

    def _enter(self, order: Order, depth: Depth) -> None:
        """At the venue: takes what there is, and waits with the rest."""
        order.limit = self._limit(order, depth)
        fills = self._matching.enter(order, depth)
        self._book(fills, took=True)
        if not order.live:
            return
        if order.ticket.tif in {"IOC", "FOK"}:
            self.listener.cancelled(order)
            self._end(order, Status.CANCELLED)
            return
        if order.at_market:
            if order not in self._waiting[order.symbol]:
                self._waiting[order.symbol].append(order)
        else:
            self._matching.rest(order)
        before, order.status = order.status, Status.SUBMITTED
        if before is not Status.SUBMITTED:
            self.listener.changed(order)

    def _look(self, order: Order, depth: Depth) -> None:
        """What a new price means to an order that waits for it."""
        if order.is_stop and not order.triggered:
            stop = order.ticket.aux
            assert stop is not None
            if (depth.last - stop) * order.side.sign < 0:
                return
            order.triggered = True
        self._waiting[order.symbol].remove(order)
        self._enter(order, depth)

    def _limit(self, order: Order, depth: Depth) -> Decimal:
        if order.at_market or order.ticket.limit is None:
            return depth.upper if order.buys else depth.lower
        return order.ticket.limit

    def _cancel(self, order: Order) -> None:
        order.cancelling = False
        if order.live:
            self._withdraw(order)
            self.listener.cancelled(order)
            self._end(order, Status.CANCELLED)

    def _withdraw(self, order: Order) -> None:
        self._matching.remove(order)
        if order in self._waiting[order.symbol]:
            self._waiting[order.symbol].remove(order)

    def _end(self, order: Order, status: Status) -> None:
        order.status = status
        order.done_at = self._venue.now()
        self.open.pop(order.number, None)
        self.listener.changed(order)
        if not order.filled:
            for child in self.family(order):
                self._cancel(child)

    def _book(self, fills: list[Fill[Order]], *, took: bool) -> None:
        for fill in fills:
            self._fill(fill.order, fill.price, fill.volume, took=took)
            if fill.against is not None:
                self._fill(fill.against, fill.price, fill.volume, took=False)

    def _fill(self, order: Order, price: Decimal, volume: int, *, took: bool) -> None:
        contract = order.contract
        size = volume * order.increment
        fee = commission(contract, size, price, first=not order.executions)
        realised = self.accounts[order.account].fill(contract, size * order.side.sign, price, fee)
        order.filled += volume
        order.cost += size * price
        order.last_price = price
        now = self._venue.now()
        self._exec_ids += 1
        execution = Execution(
            f"{order.perm_id:08x}.{self._exec_ids:08x}.01.01", order, size, price, now, order.filled_size,
            order.average, took, fee, realised,
        )  # fmt: skip
        order.executions.append(execution)
        self.executions.append(execution)
        order.status = Status.SUBMITTED
        if not order.rest:
            order.status, order.done_at = Status.FILLED, now
            self.open.pop(order.number, None)
            self._withdraw(order)
        self.listener.executed(execution)
        self.listener.changed(order)
        self.listener.commissioned(execution)
        self._relatives(order, volume)

    def _relatives(self, order: Order, volume: int) -> None:
        """A filled parent lets its children go; of one group, what fills takes from the others or ends them."""
        if not order.rest:
            for child in self.family(order):
                if child.status is not Status.API_PENDING:
                    self.line(self._arrival(child))
        for other in list(self.open.values()):
            if other is order or not other.live or not _linked(order, other):
                continue
            if order.rest and order.ticket.oca_type != 1 and other.rest > volume:
                other.resize(other.ticket.quantity - volume * order.increment)
                self.listener.changed(other)
            else:
                self._cancel(other)

    def _arrival(self, order: Order) -> Callable[[], None]:
        return lambda: self._arrive(order)

    def _parent_open(self, order: Order) -> bool:
        parent = order.ticket.parent_id
        return bool(parent) and any(
            each.order_id == parent and each.client_id == order.client_id for each in self.open.values()
        )


def _linked(order: Order, other: Order) -> bool:
    """Whether one cancels the other: children of one parent, or a group by name."""
    if order.client_id != other.client_id:
        return False
    if order.ticket.oca_group:
        return order.ticket.oca_group == other.ticket.oca_group
    return bool(order.ticket.parent_id) and order.ticket.parent_id == other.ticket.parent_id
