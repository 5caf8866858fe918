"""What a client asks about orders and fills: those that are open, those that are over, what they got."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from marketbus.lab.tws import versions
from marketbus.lab.tws.broker import Broker
from marketbus.lab.tws.contract import NEW_YORK
from marketbus.lab.tws.frame import Fields
from marketbus.lab.tws.messages import executions
from marketbus.lab.tws.messages import orders as told
from marketbus.lab.tws.order import Status
from marketbus.lab.tws.orders import TERMINAL, OrderDesk
from marketbus.lab.tws.requests import Handlers
from marketbus.lab.tws.session import Session


class InquiryDesk:
    """Reads the broker's books."""

    def __init__(self, broker: Broker, orders: OrderDesk) -> None:
        self._broker = broker
        self._orders = orders

    def handlers(self) -> Handlers:
        """By message id."""
        return {
            5: ("reqOpenOrders", self._req_own),
            7: ("reqExecutions", self._req_executions),
            16: ("reqAllOpenOrders", self._req_all),
            99: ("reqCompletedOrders", self._req_completed),
        }

    def _req_own(self, session: Session, fields: Fields) -> None:
        fields.integer()
        fields.end()
        self._tell_open(session, own=True)

    def _req_all(self, session: Session, fields: Fields) -> None:
        fields.integer()
        fields.end()
        self._tell_open(session, own=False)

    def _tell_open(self, session: Session, *, own: bool) -> None:
        for order in list(self._broker.open.values()):
            if order.status is not Status.API_PENDING and (not own or self._orders.owner(order) is session):
                self._orders.tell(session, order)
        session.send(told.open_order_end())

    def _req_completed(self, session: Session, fields: Fields) -> None:
        api_only = fields.flag()
        fields.end()
        for order in self._broker.orders:
            if not order.live and not (api_only and order.client_id == TERMINAL and order.order_id <= 0):
                session.send(told.completed_order(session.version, order))
        session.send(told.completed_orders_end())

    def _req_executions(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request = fields.integer()
        client, account, since, symbol = fields.integer(), fields.text(), fields.text(), fields.text()
        sec_type, exchange, side = fields.texts(3)
        if session.version >= versions.EXECUTION_DAYS:
            fields.integer()
            fields.texts(fields.integer())
        fields.end()
        begin = _moment(since)
        for fill in self._broker.executions:
            order = fill.order
            contract = order.contract
            wanted = (
                (not client or client == order.client_id)
                and account in {"", order.account}
                and (begin is None or fill.moment >= begin)
                and symbol in {"", contract.symbol}
                and sec_type in {"", contract.sec_type}
                and exchange in {"", order.exchange, contract.primary}
                and side[:1] in {"", order.ticket.action[:1]}
            )
            if wanted:
                session.send(executions.execution(session.version, request, fill, order.order_id))
                session.send(executions.commission(fill))
        session.send(executions.execution_end(request))


def _moment(text: str) -> datetime | None:
    """yyyymmdd-HH:MM:SS is UTC; yyyymmdd HH:MM:SS with or without a time zone's name, New York without."""
    words = text.split()
    if not words:
        return None
    if len(words) == 1:
        return datetime.strptime(words[0], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    zone = ZoneInfo(words[2] if len(words) > 2 else NEW_YORK)
    return datetime.strptime(" ".join(words[:2]), "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
