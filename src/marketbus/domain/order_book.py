"""The orders of one account, found by our id and by the venue's, fed with events in any order."""

from collections.abc import Iterable, Iterator

import msgspec

from marketbus.domain.errors import BadRequest
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order, OrderState, adopted_id
from marketbus.domain.order_events import OrderReport, OwnEvent
from marketbus.domain.order_life import Change, OrderLife, Outcome
from marketbus.domain.order_request import OrderRequest
from marketbus.domain.trade import Trade, TradeKey


class Claim(msgspec.Struct, frozen=True):
    """The answer to a request's id: the order it begins, or the one that has it already."""

    order: Order
    new: bool


class OrderBook:
    """Every order of one account that is known. Fills that come before their order are kept until it does."""

    def __init__(self) -> None:
        self._lives: dict[str, OrderLife] = {}
        self._by_ref: dict[str, str] = {}
        self._by_venue_id: dict[tuple[Exchange, str], str] = {}
        self._unclaimed: dict[TradeKey, Trade] = {}

    def __len__(self) -> int:
        return len(self._lives)

    def __iter__(self) -> Iterator[Order]:
        return (life.order for life in self._lives.values())

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._lives

    def get(self, client_order_id: str) -> Order | None:
        """The order of an id."""
        life = self._lives.get(client_order_id)
        return None if life is None else life.order

    def active(self) -> list[Order]:
        """Orders that stand or may stand at the venue."""
        return [life.order for life in self._lives.values() if life.order.is_active]

    def trades(self, client_order_id: str) -> tuple[Trade, ...]:
        """The fills of an order."""
        life = self._lives.get(client_order_id)
        return () if life is None else life.trades

    @property
    def unclaimed(self) -> tuple[Trade, ...]:
        """Fills whose order is not known yet."""
        return tuple(self._unclaimed.values())

    def claim(self, request: OrderRequest, now: int, trading_day: int = 0) -> Claim:
        """Take the request's id, or give the order that has it.

        Raises:
            BadRequest: the id is missing, or belongs to an order that asks for something else.
        """
        if not request.client_order_id:
            raise BadRequest("client_order_id: missing", "the SDK makes one where the caller gives none")
        known = self.get(request.client_order_id)
        if known is None:
            order = request.order(now, trading_day)
            self.restore(order)
            return Claim(order, new=True)
        if field := request.differs_from(known):
            raise BadRequest(
                f"client_order_id {request.client_order_id!r} belongs to an order with another {field}",
                "an id names one order for ever; take a new one",
            )
        return Claim(known, new=False)

    def restore(self, order: Order, trades: Iterable[Trade] = ()) -> None:
        """Put an order as it stands, such as from the journal."""
        self._lives[order.client_order_id] = OrderLife(order, trades)
        self._index(order)

    def own(self, event: OwnEvent) -> list[Change]:
        """Apply what we did; it names the order by our id. Fills that waited for the venue's number follow."""
        life = self._lives.get(event.client_order_id)
        if life is None:
            return [Change(Outcome.UNMATCHED, why=f"no order {event.client_order_id!r}")]
        changes = [life.own(event)]
        self._index(life.order)
        return changes + self._claim_fills(life)

    def report(self, report: OrderReport) -> list[Change]:
        """Apply the venue's word; fills that waited for it follow. UNMATCHED alone: see `adopt`."""
        life = self._find(report)
        if life is None:
            return [Change(Outcome.UNMATCHED, why=f"order {report.venue_id or report.venue_ref} is not known")]
        changes = [life.report(report)]
        self._index(life.order)
        return changes + self._claim_fills(life)

    def fill(self, trade: Trade) -> Change:
        """Apply a fill; one without a known order is kept, and comes again from `report` or `adopt`."""
        life = self._find(trade)
        if life is None:
            known = self._unclaimed.setdefault(trade.key, trade)
            return Change(Outcome.UNMATCHED if known is trade else Outcome.DUPLICATE, why="its order is not known")
        change = life.fill(trade)
        self._index(life.order)
        return change

    def adopt(self, report: OrderReport) -> list[Change]:
        """Take an order that only the venue knew, marked external; the same report again changes nothing."""
        if self._find(report) is not None:
            return self.report(report)
        order = Order(
            gateway=report.gateway,
            account=report.account,
            symbol=report.symbol,
            exchange=report.exchange,
            client_order_id=adopted_id(report.exchange, report.trading_day, report.venue_ref or report.venue_id),
            direction=report.direction,
            offset=report.offset,
            type=report.type,
            price=report.price,
            volume=report.volume,
            state=OrderState.NEW,
            reference=report.reference,
            venue_id=report.venue_id,
            venue_ref=report.venue_ref,
            hedge=report.hedge,
            external=True,
            trading_day=report.trading_day,
            created=report.received,
            ext=report.ext,
        )
        self.restore(order)
        return self.report(report)

    def close_day(self, trading_day: int) -> int:
        """Let go of what was over before this trading day (yyyymmdd); the journal keeps it. Gives how many."""
        gone = [
            life.order
            for life in self._lives.values()
            if life.order.state.is_final and _before(life.order, trading_day)
        ]
        for order in gone:
            del self._lives[order.client_order_id]
        self._unclaimed = {
            key: trade for key, trade in self._unclaimed.items() if not 0 < key.trading_day < trading_day
        }
        self._by_ref = {ref: name for ref, name in self._by_ref.items() if name in self._lives}
        self._by_venue_id = {key: name for key, name in self._by_venue_id.items() if name in self._lives}
        return len(gone)

    def _find(self, words: OrderReport | Trade) -> OrderLife | None:
        # By the exchange's number first: sessions' numbers begin anew, and other terminals have theirs.
        candidates = (
            self._by_venue_id.get((words.exchange, words.venue_id)) if words.venue_id else None,
            self._by_ref.get(words.venue_ref) if words.venue_ref else None,
            words.client_order_id or None,
        )
        for client_order_id in candidates:
            life = self._lives.get(client_order_id) if client_order_id else None
            if life is not None and _may_be(life.order, words):
                return life
        return None

    def _index(self, order: Order) -> None:
        if order.venue_ref:
            self._by_ref[order.venue_ref] = order.client_order_id
        if order.venue_id:
            self._by_venue_id[order.exchange, order.venue_id] = order.client_order_id

    def _claim_fills(self, life: OrderLife) -> list[Change]:
        found = [trade for trade in self._unclaimed.values() if self._find(trade) is life]
        for trade in found:
            del self._unclaimed[trade.key]
        return [life.fill(trade) for trade in found]


def _before(order: Order, trading_day: int) -> bool:
    return 0 < order.trading_day < trading_day


def _may_be(order: Order, words: OrderReport | Trade) -> bool:
    """Whether the words can be about the order: venues use their numbers again on another day."""
    days = {order.trading_day, words.trading_day} - {0}
    same = order.exchange is words.exchange and len(days) <= 1
    if isinstance(words, Trade):  # the legs of a combination are filled under their own symbols and directions
        return same
    return same and order.symbol == words.symbol and order.direction is words.direction
