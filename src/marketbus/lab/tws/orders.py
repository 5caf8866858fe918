"""Orders and cancels, and who is told what becomes of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from marketbus.lab.errors import LabError
from marketbus.lab.tws import versions
from marketbus.lab.tws.broker import Broker
from marketbus.lab.tws.catalogue import Catalogue
from marketbus.lab.tws.checks import modification_fault, order_fault, preview_of
from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.contracts import Unresolved, resolve
from marketbus.lab.tws.frame import Fields
from marketbus.lab.tws.messages import executions
from marketbus.lab.tws.messages import orders as told
from marketbus.lab.tws.messages.notices import next_valid_id
from marketbus.lab.tws.order import Execution, Order, Status, Ticket
from marketbus.lab.tws.placing import read_order
from marketbus.lab.tws.requests import Handlers
from marketbus.lab.tws.session import Session

TERMINAL = 0
"""The client id of orders from TWS itself."""


class OrderDesk:
    """`clients`: who is connected, by client id. What happens while a client is away it has to ask for."""

    def __init__(self, catalogue: Catalogue, broker: Broker, clients: dict[int, Session]) -> None:
        self._catalogue = catalogue
        self.broker = broker
        self._clients = clients
        self._bound = 0
        self._by_id: dict[tuple[int, int], Order] = {}
        self.used_ids: dict[int, int] = {}
        """Client id → its greatest order id."""
        self._later: list[Callable[[], None]] | None = None
        """While TWS has lost IB: what it will hear, and say, when it is back."""
        self.advisories: list[tuple[int, str]] = []
        """Told with the next order: codes that do not end it."""

    def handlers(self) -> Handlers:
        """By message id."""
        return {
            3: ("placeOrder", self._place),
            4: ("cancelOrder", self._cancel),
            8: ("reqIds", self._req_ids),
            15: ("reqAutoOpenOrders", self._req_auto),
            58: ("reqGlobalCancel", self._cancel_all),
        }

    def next_id(self, session: Session) -> int:
        """The first order id it may use."""
        return self.used_ids.get(session.client_id, 0) + 1

    def connect(self, *, on: bool) -> None:
        """TWS has IB again, or has lost it: orders stay here, and what becomes of those at the venue is told later."""
        later, self._later = self._later, None if on else (self._later or [])
        if on:
            for act in later or []:
                act()

    def changed(self, order: Order) -> None:
        """Its client is told, if it is there."""
        self._tell(order, lambda session: self.tell(session, order))

    def executed(self, execution: Execution) -> None:
        """Its client is told, if it is there."""
        order = execution.order
        self._tell(
            order, lambda session: session.send(executions.execution(session.version, -1, execution, order.order_id))
        )

    def commissioned(self, execution: Execution) -> None:
        """Its client is told, if it is there."""
        self._tell(execution.order, lambda session: session.send(executions.commission(execution)))

    def refused(self, order: Order, code: int, words: str) -> None:
        """Its client is told, if it is there."""
        self._tell(order, lambda session: session.error(order.order_id, code, words))

    def cancelled(self, order: Order) -> None:
        """Its client is told, if it is there."""
        self._tell(order, lambda session: session.error(order.order_id, 202, "Order Canceled - reason:"))

    def place(self, contract: Contract, ticket: Ticket) -> Order:
        """An order from the terminal: client 0 hears of it when it has bound such orders. Raises LabError."""
        fault = order_fault(contract, ticket, contract.exchange, self.broker.accounts)
        if fault is not None:
            raise LabError(f"{fault[0]} {fault[1]}")
        order = self.broker.draft(TERMINAL, 0, contract, contract.exchange, ticket)
        session = self._clients.get(TERMINAL)
        if session is not None and session.auto_open:
            self._bind(session, order)
        self._submit(order)
        return order

    def _tell(self, order: Order, say: Callable[[Session], None]) -> None:
        def now() -> None:
            session = self.owner(order)
            if session is not None:
                say(session)

        if self._later is None:
            now()
        else:
            self._later.append(now)

    def tell(self, session: Session, order: Order) -> None:
        """Everything about an order, and where it stands."""
        session.send(told.open_order(session.version, order, order.order_id))
        session.send(told.order_status(order, order.order_id, self.broker.held(order)))

    def _at_ib(self, act: Callable[[], None]) -> None:
        """Now, or once TWS has IB again."""
        if self._later is None:
            act()
        else:
            self._later.append(act)

    def owner(self, order: Order) -> Session | None:
        """Its client, if it is there; nobody's is an order from the terminal that was not bound."""
        session = self._clients.get(order.client_id)
        if order.client_id == TERMINAL and not order.order_id:
            return None
        return session

    def _place(self, session: Session, fields: Fields) -> None:
        order_id, query, ticket = read_order(fields, session.version)
        try:
            contract = resolve(self._catalogue, query)
        except Unresolved as unresolved:
            session.error(order_id, 200, str(unresolved))
            return
        if not ticket.tif:
            session.error(order_id, 10349, "Order TIF was set to DAY based on order preset.")
        accounts = self.broker.accounts
        ticket = replace(ticket, tif=ticket.tif or "DAY", account=ticket.account or next(iter(accounts)))
        order = self._known(session, order_id)
        fault = order_fault(contract, ticket, query.exchange, accounts) or modification_fault(order, contract, ticket)
        if fault is None and order is None and order_id < self.next_id(session):
            fault = 103, "Duplicate order id"
        if fault is not None:
            session.error(order_id, *fault)
        elif ticket.what_if:
            self._what_if(session, order_id, contract, query.exchange, ticket)
        elif order is None:
            self._new(session, order_id, contract, query.exchange, ticket)
        elif order.status is Status.API_PENDING:
            order.ticket = ticket
            self._transmit(order)
        else:
            self._at_ib(lambda: self.broker.modify(order, ticket))

    def _new(self, session: Session, order_id: int, contract: Contract, exchange: str, ticket: Ticket) -> None:
        self.used_ids[session.client_id] = order_id
        order = self.broker.draft(session.client_id, order_id, contract, exchange, ticket)
        self._by_id[session.client_id, order_id] = order
        self._transmit(order)
        for code, words in self.advisories:
            session.error(order_id, code, words)
        self.advisories.clear()

    def _transmit(self, order: Order) -> None:
        """Sends it, its parent and the parent's other children, unless it is to be held here."""
        if not order.ticket.transmit:
            return
        parent = order.ticket.parent_id or order.order_id
        for each in list(self.broker.open.values()):
            related = each.client_id == order.client_id and parent in {each.order_id, each.ticket.parent_id}
            if related and each.status is Status.API_PENDING:
                self._submit(each)

    def _submit(self, order: Order) -> None:
        if self._later is not None:
            order.status = Status.PENDING_SUBMIT
            session = self.owner(order)
            if session is not None:
                self.tell(session, order)
        self._at_ib(lambda: self.broker.submit(order))

    def _known(self, session: Session, order_id: int) -> Order | None:
        return self._by_id.get((session.client_id, order_id))

    def _what_if(self, session: Session, order_id: int, contract: Contract, exchange: str, ticket: Ticket) -> None:
        preview = preview_of(self.broker.accounts[ticket.account], contract, ticket)
        now = datetime.now(UTC)
        order = Order(0, 0, session.client_id, order_id, contract, exchange, ticket, now, status=Status.PRE_SUBMITTED)
        session.send(told.open_order(session.version, order, order_id, preview))

    def _cancel(self, session: Session, fields: Fields) -> None:
        if session.version < versions.TAGGING:
            fields.integer()
        order_id = fields.integer()
        if session.version >= versions.MANUAL_ORDER_TIME:
            fields.text()
        if versions.QUOTE_REQUEST <= session.version < versions.NO_QUOTE_REQUEST:
            fields.texts(3)
        if session.version >= versions.TAGGING:
            fields.texts(2)
        fields.end()
        order = self._known(session, order_id)
        if order is None:
            session.error(order_id, 10147, f"OrderId {order_id} that needs to be cancelled is not found.")
        elif not order.live or order.cancelling:
            state = "PendingCancel" if order.live else order.status
            words = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {state}."
            session.error(order_id, 10148, words)
        else:
            self._at_ib(lambda: self.broker.cancel(order))

    def _cancel_all(self, session: Session, fields: Fields) -> None:
        if session.version < versions.TAGGING:
            fields.integer()
        else:
            fields.texts(2)
        fields.end()
        for order in list(self.broker.open.values()):
            if order.live and not order.cancelling:
                self._at_ib(partial(self.broker.cancel, order))

    def _req_ids(self, session: Session, fields: Fields) -> None:
        fields.texts(2)
        fields.end()
        session.send(next_valid_id(self.next_id(session)))

    def _req_auto(self, session: Session, fields: Fields) -> None:
        fields.integer()
        on = fields.flag()
        fields.end()
        if session.client_id != TERMINAL:
            words = "Error validating request.-'bI' : cause - Only the default client (i.e 0) can auto bind orders"
            session.error(-1, 321, words)
            return
        session.auto_open = on
        for order in list(self.broker.open.values()):
            if on and order.client_id == TERMINAL and not order.order_id:
                self._bind(session, order)
                self.changed(order)

    def _bind(self, session: Session, order: Order) -> None:
        self._bound -= 1
        order.order_id = self._bound
        self._by_id[TERMINAL, self._bound] = order
        session.send(told.order_bound(order))
