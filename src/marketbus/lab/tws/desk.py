"""The front desk: greets clients, hands requests to who answers them, tells everybody what happens."""

from marketbus.lab.tws.frame import BadFrame, Fields
from marketbus.lab.tws.messages import notices
from marketbus.lab.tws.order import Execution, Order
from marketbus.lab.tws.orders import OrderDesk
from marketbus.lab.tws.portfolio import PortfolioDesk
from marketbus.lab.tws.requests import Handlers
from marketbus.lab.tws.session import Hub, Session

_READING = "Error reading request. Message id='{}'; cause: "


class Desk:
    """Listens to the broker on behalf of the order desk and the portfolio desk."""

    def __init__(self, hub: Hub, orders: OrderDesk, portfolio: PortfolioDesk) -> None:
        self._hub = hub
        self._orders = orders
        self._portfolio = portfolio

    def handlers(self) -> Handlers:
        """By message id."""
        return {
            14: ("setServerLogLevel", _nothing),
            17: ("reqManagedAccts", self._req_accounts),
            49: ("reqCurrentTime", self._req_time),
            105: ("reqCurrentTimeInMillis", self._req_time_ms),
        }

    def greet(self, session: Session) -> None:
        """What a session begins with."""
        session.send(notices.managed_accounts(tuple(self._orders.broker.accounts)))
        session.send(notices.next_valid_id(self._orders.next_id(session)))

    def name_of(self, body: bytes, handlers: Handlers) -> str:
        """The request's name, by which a fault finds it."""
        number = body.partition(b"\0")[0]
        return handlers[int(number)][0] if number.isdigit() and int(number) in handlers else ""

    def handle(self, session: Session, body: bytes, handlers: Handlers) -> str:
        """Answers a request; returns what was wrong with it, if anything."""
        number = -1
        try:
            fields = Fields(body)
            number = fields.integer()
            handlers.get(number, _UNPLAYED)[1](session, fields)
        except (BadFrame, ValueError, ArithmeticError, LookupError) as error:
            words = _READING.format(number) + str(error)
            session.error(notices.NO_REQUEST, 320, words)
            return f"client {session.client_id}, version {session.version}: {words}"
        return ""

    def changed(self, order: Order) -> None:
        """An order."""
        self._orders.changed(order)

    def executed(self, execution: Execution) -> None:
        """A fill."""
        self._orders.executed(execution)

    def commissioned(self, execution: Execution) -> None:
        """The end of what a fill is told by: the account has changed too."""
        self._orders.commissioned(execution)
        self._portfolio.executed(execution)

    def refused(self, order: Order, code: int, words: str) -> None:
        """An order."""
        self._orders.refused(order, code, words)

    def cancelled(self, order: Order) -> None:
        """An order."""
        self._orders.cancelled(order)

    def _req_accounts(self, session: Session, fields: Fields) -> None:
        fields.integer()
        fields.end()
        session.send(notices.managed_accounts(tuple(self._orders.broker.accounts)))

    def _req_time(self, session: Session, fields: Fields) -> None:
        fields.integer()
        fields.end()
        session.send(notices.current_time(self._hub.now_ns() // 1_000_000_000))

    def _req_time_ms(self, session: Session, fields: Fields) -> None:
        fields.end()
        session.send(notices.current_time_ms(self._hub.now_ns() // 1_000_000))


def _refuse(session: Session, fields: Fields) -> None:
    raise BadFrame("the simulated TWS does not play it")


_UNPLAYED = ("", _refuse)


def _nothing(session: Session, fields: Fields) -> None:
    fields.texts(2)
    fields.end()
