"""The control port's trading commands: another terminal, other participants, the venue's moods, and its books."""

from decimal import Decimal
from typing import Any

from marketbus.lab.ctp_family import codes
from marketbus.lab.ctp_family.books import books, order_book
from marketbus.lab.ctp_family.faults import Action, Fault
from marketbus.lab.ctp_family.login import FRONT_ID
from marketbus.lab.ctp_family.orders import TERMINAL_SESSION, OrderDesk
from marketbus.lab.ctp_family.records import Origin
from marketbus.lab.ctp_family.replies import error
from marketbus.lab.ctp_family.venue import Venue
from marketbus.lab.errors import LabError
from marketbus.lab.trading import Account, Life, Offset, PriceKind, Refused, Request, Side
from marketbus.lab.trading.position import Lot
from marketbus.lab.trading.refusal import Veto
from marketbus.lab.trading.terms import exact

_KINDS: dict[str, tuple[PriceKind, Life]] = {
    "limit": (PriceKind.LIMIT, Life.DAY),
    "market": (PriceKind.MARKET, Life.DAY),
    "fak": (PriceKind.LIMIT, Life.IMMEDIATE),
    "fok": (PriceKind.LIMIT, Life.IMMEDIATE),
}


class Terminal:
    """`user` None: the only account there is. Raises LabError, ValueError in words."""

    def __init__(self, orders: OrderDesk, venue: Venue) -> None:
        self._orders = orders
        self._venue = venue
        self._references = 0

    def order(
        self,
        instrument: str,
        direction: str,
        volume: int,
        price: float = 0.0,
        offset: str = "open",
        type: str = "limit",  # noqa: A002 - vnpy's word
        user: str | None = None,
    ) -> dict[str, Any]:
        """Sends an order of the account from another terminal; answers it as `books` does."""
        account = self._account(user)
        account.confirmed = True
        if type not in _KINDS:
            raise LabError(f"type {type!r}: one of {', '.join(_KINDS)}")
        kind, life = _KINDS[type]
        least = volume if type == "fok" else 0
        request = Request(
            instrument, Side(direction), Offset(offset), volume, exact(price), kind=kind, life=life, minimum=least
        )
        self._references += 1
        condition = codes.ALL_VOLUME if least else codes.ANY_VOLUME
        asked = {
            "UserID": account.user,
            "CombHedgeFlag": "1",
            "VolumeCondition": condition,
            "MinVolume": 1,
            "ContingentCondition": codes.IMMEDIATELY,
            "ForceCloseReason": "0",
        }
        sent = Origin(FRONT_ID, TERMINAL_SESSION, self._references, f"{self._references:>12}", 0, "", asked)
        try:
            return order_book(self._orders.insert(account.user, request, sent))
        except Refused as refused:
            number, words = error(codes.REFUSALS[refused.why])
            raise LabError(f"[{number}] {words}") from None

    def cancel(self, exchange: str, order_sys_id: str) -> None:
        """Cancels an order from another terminal."""
        order = self._orders.find(exchange, order_sys_id)
        if order is None:
            raise LabError(f"no order {order_sys_id} at {exchange}")
        try:
            self._orders.counter.cancel(order)
        except Refused as refused:
            number, words = error(codes.REFUSALS[refused.why])
            raise LabError(f"[{number}] {words}") from None

    def strike(self, instrument: str, direction: str, volume: int, price: float) -> int:
        """Somebody else's order meets the orders that wait; answers how many lots they got."""
        return self._orders.counter.strike(instrument, Side(direction), exact(price), volume)

    def books(self, user: str | None = None) -> dict[str, Any]:
        """The venue's own truth: {"account", "orders", "trades", "positions"}."""
        return books(self._account(user))

    def fault(self, step: str, action: str, count: int = 1, skip: int = 0, ms: float = 0.0, user: str = "") -> None:
        """Something goes wrong at a step: see faults.Fault and faults.Action."""
        if action not in set(Action):
            raise LabError(f"action {action!r}: one of {', '.join(Action)}")
        if step.startswith("Req") and action == Action.REORDER:
            raise LabError("requests cannot be reordered: use delay")
        self._orders.script.faults.append(Fault(step, Action(action), count, skip, ms, user))

    def heal(self) -> int:
        """Takes every fault back; answers how often they hit."""
        hits = sum(fault.hits for fault in self._orders.script.faults)
        self._orders.script.faults.clear()
        return hits

    def venue(self, delay_ms: float | None = None, hold: bool | None = None) -> int:
        """How long orders and cancels are on their way to the venue, or that they are held; answers how many are."""
        line = self._orders.line
        if delay_ms is not None:
            line.delay_s = delay_ms / 1000
        if hold is not None:
            line.hold(on=hold)
        return line.waiting

    def reject_orders(self, error_id: int = 0, venue: bool = False) -> None:
        """The counter refuses every order with that ErrorID, or the venue does; neither: as usual again."""
        self._orders.refuse = error_id
        self._orders.counter.veto = Veto.SCRIPTED if venue else None

    def deposit(self, amount: float, user: str | None = None) -> None:
        """Pays in, or out when negative; yuan."""
        self._account(user).deposit += exact(amount)

    def position(
        self,
        instrument: str,
        direction: str,
        volume: int,
        price: float | None = None,
        yesterday: bool = False,
        user: str | None = None,
    ) -> None:
        """Gives the account lots it never traded; `direction` "long" or "short", at the last settlement price."""
        account, terms = self._account(user), self._orders.counter.terms.get(instrument)
        if terms is None or direction not in {"long", "short"}:
            raise LabError(f"no instrument {instrument!r}, or neither long nor short: {direction!r}")
        side = Side.BUY if direction == "long" else Side.SELL
        bucket = account.bucket(terms, side, history=yesterday and terms.splits_days)
        at = self._settled(instrument) if price is None else exact(price)
        basis = self._settled(instrument) if yesterday else at
        bucket.open(Lot(self._venue.trading_day(), "", at, basis, volume, today=not yesterday))
        bucket.before += volume if yesterday else 0

    def _settled(self, instrument: str) -> Decimal:
        row = self._venue.exchange.rows[instrument]
        return exact(self._venue.exchange.pre_settlement[row])

    def _account(self, user: str | None) -> Account:
        accounts = self._orders.counter.accounts
        if user is not None:
            return self._orders.counter.account(user)
        if len(accounts) != 1:
            raise LabError(f"user: one of {', '.join(accounts)}" if accounts else "nobody has logged in yet: name user")
        return next(iter(accounts.values()))
