"""The control port's trading commands: what a hand at the terminal, the market and the venue do."""

from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any

from marketbus.lab.errors import LabError
from marketbus.lab.trading.order import Side
from marketbus.lab.tws.broker import Broker
from marketbus.lab.tws.catalogue import Catalogue
from marketbus.lab.tws.contract import Contract, Query
from marketbus.lab.tws.contracts import Unresolved, resolve
from marketbus.lab.tws.frame import number
from marketbus.lab.tws.order import Execution, Order, Status, Ticket
from marketbus.lab.tws.orders import OrderDesk


class Terminal:
    """Contracts are named by conId, local symbol, or a symbol that is only one."""

    def __init__(self, catalogue: Catalogue, orders: OrderDesk) -> None:
        self._catalogue = catalogue
        self._orders = orders
        self._broker: Broker = orders.broker

    def contract(self, name: str | int) -> Contract:
        """Raises LabError when there is none, or more than one."""
        text = str(name)
        queries = [Query(con_id=int(text))] if text.isdigit() else [Query(local_symbol=text), Query(symbol=text)]
        words = ""
        for query in queries:
            try:
                return resolve(self._catalogue, query)
            except Unresolved as unresolved:
                words = str(unresolved)
        stocks = [each for each in self._catalogue.find(queries[-1]) if each.sec_type == "STK"]
        if len(stocks) == 1:
            return stocks[0]
        raise LabError(f"contract {text}: {words}")

    def order(
        self,
        contract: str | int,
        action: str,
        quantity: str | float,
        price: str | float | None = None,
        account: str = "",
        ref: str = "",
    ) -> dict[str, Any]:
        """An order from the terminal, at the market when it has no price; answers it as in `books`."""
        ticket = Ticket(
            action=action.upper(),
            quantity=Decimal(str(quantity)),
            order_type="MKT" if price is None else "LMT",
            limit=None if price is None else Decimal(str(price)),
            account=account or next(iter(self._broker.accounts)),
            order_ref=ref,
        )
        return told_order(self._orders.place(self.contract(contract), ticket))

    def modify(self, perm_id: int, quantity: str | float | None = None, price: str | float | None = None) -> None:
        """A modification from the terminal."""
        order = self._order(perm_id)
        ticket = order.ticket
        if quantity is not None:
            ticket = replace(ticket, quantity=Decimal(str(quantity)))
        if price is not None:
            ticket = replace(ticket, limit=Decimal(str(price)))
        self._broker.modify(order, ticket)

    def cancel(self, perm_id: int) -> None:
        """A cancel from the terminal."""
        self._broker.cancel(self._order(perm_id))

    def strike(self, contract: str | int, action: str, quantity: str | float, price: str | float) -> str:
        """Somebody else's order meets those that wait; answers the size they got."""
        side = Side.BUY if action.upper() == "BUY" else Side.SELL
        got = self._broker.strike(self.contract(contract), side, Decimal(str(price)), Decimal(str(quantity)))
        return number(got)

    def books(self, account: str = "") -> dict[str, Any]:
        """The broker's own truth: positions, orders, executions, money."""
        chosen = self._broker.accounts.get(account or next(iter(self._broker.accounts)))
        if chosen is None:
            raise LabError(f"no account {account}: {', '.join(self._broker.accounts)}")
        return {
            "account": chosen.number,
            "cash": {currency: number(amount) for currency, amount in chosen.cash.items()},
            "net_liquidation": number(chosen.net_liquidation),
            "positions": {each.contract.row: number(each.size) for each in chosen.held},
            "orders": [told_order(order) for order in self._broker.orders if order.account == chosen.number],
            "executions": [told_fill(fill) for fill in self._broker.executions if fill.order.account == chosen.number],
        }

    def venue(self, *, delay_ms: float | None = None, hold: bool | None = None) -> int:
        """Orders and cancels arrive at the venue later, or not before they are let go: how many are on their way."""
        line = self._broker.line
        if delay_ms is not None:
            line.delay_s = delay_ms / 1000
        if hold is not None:
            line.hold(on=hold)
        return line.waiting

    def reject_orders(self, code: int = 0, words: str = "Order rejected - reason:", status: str = "Inactive") -> None:
        """Every order is refused with that error and ends in that state; 0: as usual again."""
        self._broker.rejection = (code, words, Status(status)) if code else None

    def advise(self, code: int, words: str) -> None:
        """The next order is told that code too; it does not end it."""
        self._orders.advisories.append((code, words))

    def deposit(self, amount: str | float, account: str = "") -> None:
        """Pays in, or out when negative; base currency."""
        self._broker.accounts[account or next(iter(self._broker.accounts))].deposit(Decimal(str(amount)))

    def position(self, contract: str | int, quantity: str | float, price: str | float, account: str = "") -> None:
        """A position the account never traded; it costs nothing."""
        chosen = self._broker.accounts[account or next(iter(self._broker.accounts))]
        held = chosen.position(self.contract(contract))
        held.size, held.cost = Decimal(str(quantity)), Decimal(str(price))

    def _order(self, perm_id: int) -> Order:
        order = next((each for each in self._broker.orders if each.perm_id == perm_id), None)
        if order is None:
            raise LabError(f"no order with permId {perm_id}")
        return order


def told_order(order: Order) -> dict[str, Any]:
    """An order as `books` tells it."""
    ticket = order.ticket
    return {
        "perm_id": order.perm_id,
        "client_id": order.client_id,
        "order_id": order.order_id,
        "ref": ticket.order_ref,
        "con_id": order.contract.con_id,
        "action": ticket.action,
        "type": ticket.order_type,
        "quantity": number(ticket.quantity),
        "filled": number(order.filled_size),
        "limit": None if ticket.limit is None else number(ticket.limit),
        "aux": None if ticket.aux is None else number(ticket.aux),
        "status": str(order.status),
        "words": order.words,
    }


def told_fill(fill: Execution) -> dict[str, Any]:
    """A fill as `books` tells it."""
    return {
        "exec_id": fill.exec_id,
        "perm_id": fill.order.perm_id,
        "ref": fill.order.ticket.order_ref,
        "con_id": fill.order.contract.con_id,
        "size": number(fill.size),
        "price": number(fill.price),
        "commission": number(fill.commission),
        "time": fill.moment.astimezone(UTC).isoformat(),
    }
