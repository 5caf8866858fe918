"""The numbers our orders and cancels go by, and whom an answer means."""

from threading import Lock
from typing import NamedTuple

from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order
from marketbus.domain.order_events import OrderReport
from marketbus.gateways.ctp_family.orders import MAX_REF_BYTES, parts
from marketbus.gateways.ctp_family.record import Record, text, whole
from marketbus.ports.trading import NotSent

NO_SESSION = "no trading session"


class _Cancel(NamedTuple):
    action: int
    client_order_id: str


class OrderRefs:
    """Of one account; used on the loop, in the lane and in the SDK's thread.

    Numbers go on where the counter says the user's last one was (MaxOrderRef): vnpy_ctp begins at 1 after each start,
    which a counter refuses as a repetition, or takes for the order of an earlier session.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._session: tuple[int, int] | None = None
        self._last = 0
        self._sent: dict[str, Order] = {}
        self._heard: set[str] = set()
        self._venue_ids: dict[tuple[Exchange, str], str] = {}
        self._cancels: dict[str, _Cancel] = {}

    @property
    def there(self) -> bool:
        """Whether there is a session."""
        return self._session is not None

    def logged_in(self, data: Record) -> None:
        """A session began."""
        largest = text(data, "MaxOrderRef")
        with self._lock:
            self._session = whole(data, "FrontID"), whole(data, "SessionID")
            if largest.isascii() and largest.isdigit():
                self._last = max(self._last, int(largest))

    def lost(self) -> None:
        """It is gone, and the answers to what it sent."""
        with self._lock:
            self._session = None
            self._sent.clear()
            self._heard.clear()
            self._cancels.clear()

    def following(self) -> str:
        """The next order's `front_session_ref`.

        Raises:
            NotSent: no session, or no number is left.
        """
        with self._lock:
            if self._session is None:
                raise NotSent(NO_SESSION)
            self._last += 1
            if len(str(self._last)) > MAX_REF_BYTES:
                raise NotSent(f"the counter's last OrderRef leaves none: {self._last - 1}")
            front, session = self._session
            return f"{front}_{session}_{self._last}"

    def sending(self, order: Order) -> str:
        """Its number within the session; the order is remembered.

        Raises:
            NotSent: its number is not of this session.
        """
        front, session, ref = parts(order.venue_ref)
        with self._lock:
            if self._session is None:
                raise NotSent(NO_SESSION)
            if self._session != (front, session):
                raise NotSent(f"{order.venue_ref} was given in an earlier session")
            self._sent[ref] = order
        return ref

    def not_sent(self, ref: str) -> None:
        """The SDK did not take it."""
        with self._lock:
            self._sent.pop(ref, None)

    def written(self, exchange: Exchange, venue_id: str) -> str:
        """The exchange's number as the venue writes it: padded with blanks, without which it finds no order."""
        with self._lock:
            return self._venue_ids.get((exchange, venue_id), venue_id)

    def cancelling(self, order: Order, action: int) -> None:
        """A cancel goes out under that OrderActionRef.

        Raises:
            NotSent: no session.
        """
        with self._lock:
            if self._session is None:
                raise NotSent(NO_SESSION)
            for key in _keys(order.exchange, order.venue_id, order.venue_ref):
                self._cancels[key] = _Cancel(action, order.client_order_id)

    def heard(self, report: OrderReport, written: str) -> None:
        """The venue's word on an order; `written`: its OrderSysID with blanks."""
        with self._lock:
            if report.venue_id:
                self._venue_ids[report.exchange, report.venue_id] = written
            if report.venue_ref and self._session is not None:
                front, session = self._session
                prefix = f"{front}_{session}_"
                if report.venue_ref.startswith(prefix):
                    self._heard.add(report.venue_ref.removeprefix(prefix))
            if report.state.is_final:
                for key in _keys(report.exchange, report.venue_id, report.venue_ref):
                    self._cancels.pop(key, None)

    def refused(self, data: Record, *, told_all: bool) -> Order | None:
        """The order that a refusal means; None when it is not ours, or was told before.

        `told_all`: the callback that every session of the account gets, and which does not say whose order it was.
        """
        ref = text(data, "OrderRef")
        with self._lock:
            order = self._sent.get(ref)
            if order is None or (told_all and (ref in self._heard or not _is_of(data, order))):
                return None
            return self._sent.pop(ref)

    def cancel_refused(self, data: Record, exchange: Exchange) -> str | None:
        """The client_order_id of the cancel that a refusal means; None as in `refused`."""
        ref, action = text(data, "OrderRef"), whole(data, "OrderActionRef")
        venue_ref = f"{whole(data, 'FrontID')}_{whole(data, 'SessionID')}_{ref}" if ref else ""
        keys = _keys(exchange, text(data, "OrderSysID"), venue_ref)
        with self._lock:
            found = next((self._cancels[key] for key in keys if key in self._cancels), None)
            if found is None or action not in (0, found.action):
                return None
            for key in [key for key, each in self._cancels.items() if each == found]:
                del self._cancels[key]
            return found.client_order_id


def _keys(exchange: Exchange, venue_id: str, venue_ref: str) -> list[str]:
    return [key for key in (venue_id and f"{exchange}:{venue_id}", venue_ref) if key]


def _is_of(data: Record, order: Order) -> bool:
    return (text(data, "InstrumentID"), data.get("VolumeTotalOriginal"), data.get("LimitPrice")) == (
        order.symbol, order.volume, order.price,
    )  # fmt: skip
