"""Other terms for an order that stands: judged, written down, asked of the venue; until its word the worse of both."""

import asyncio

from msgspec.structs import replace

from marketbus.application.trading.desk import PATIENCE, OrderDesk
from marketbus.application.trading.ledger import Asker, Ledger
from marketbus.application.trading.market_view import MarketView
from marketbus.application.trading.notes import Facts
from marketbus.application.trading.outbox import Outbox
from marketbus.application.trading.session import TradingSession
from marketbus.domain.errors import BadRequest, NotSupported, OrderDenied, UnknownOrder
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_events import ModifyRefused, ModifySent
from marketbus.domain.order_request import MAX_VALIDITY, ModifyRequest, is_late
from marketbus.domain.order_terms import OrderType
from marketbus.domain.risk.verdict import Verdict
from marketbus.domain.times import NS
from marketbus.ports.clock import Clock
from marketbus.ports.trading import ModifiesOrders, NotSent, TradingGateway

_WORKING = frozenset({OrderState.ACCEPTED, OrderState.PARTIAL})


class Modifications:
    """Of one account. Nothing here is sent twice: what became of it, the venue's own terms tell."""

    def __init__(
        self,
        ledger: Ledger,
        desk: OrderDesk,
        gateway: TradingGateway,
        session: TradingSession,
        outbox: Outbox,
        market: MarketView,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._gateway = gateway
        self._session = session
        self._outbox = outbox
        self._market = market
        self._clock = clock

    async def modify(self, request: ModifyRequest) -> Order:
        """Ask the venue for other terms of one order; one that has them is given back as it stands.

        Returns once the request is on its way: `modify_sent` is above 0 until the venue has answered, and then `price`
        and `volume` are what it says.

        Raises:
            UnknownOrder: no such order.
            NotSupported: the venue changes no orders.
            BadRequest: the request is late or valid for too long, or gives a market order a price.
            OrderDenied: a rule of ours said no; the order stands as it stood.
            NotSent: the SDK said no; likewise.
        """
        if not isinstance(self._gateway, ModifiesOrders):
            raise NotSupported(
                f"{self._ledger.name.gateway} cannot modify orders",
                "cancel it, and send another when that is confirmed",
            )
        now = self._clock.now()
        if request.valid_until > now + MAX_VALIDITY:
            raise BadRequest(f"valid_until: more than {MAX_VALIDITY // NS} s ahead", "is the clock right?")
        if await self._desk.order(request.client_order_id) is None:
            raise UnknownOrder(f"no order {request.client_order_id!r} of account {self._ledger.name.account}")
        await self._desk.went(request.client_order_id)
        return await self._desk.shielded(self._modify(self._gateway, request))

    async def _modify(self, gateway: ModifiesOrders, request: ModifyRequest) -> Order:
        order = await self._desk.order(request.client_order_id)
        if order is None:
            raise UnknownOrder(f"no order {request.client_order_id!r} of account {self._ledger.name.account}")
        price = order.price if request.price is None else request.price
        volume = order.volume if request.volume is None else request.volume
        if order.type is OrderType.MARKET and price != order.price:
            raise BadRequest("price: a market order has none")
        if (price, volume) == (
            (order.new_price, order.new_volume) if order.modify_sent else (order.price, order.volume)
        ):
            return order
        changed = replace(order, price=price, volume=volume, valid_until=request.valid_until)
        asker = Asker(request.origin, request.host, request.trader)
        number, now = self._session.number, self._clock.now()
        verdict = self._standing(changed) or self._desk.refusal() or self._judge(order, changed, now)
        if verdict is not None:
            raise self._denied(changed, verdict, asker)
        sent = ModifySent(order.client_order_id, now, price, volume)
        self._ledger.own(sent, EntryKind.MODIFY_REQUESTED, {"by": asker.principal}, asker)
        written = await self._outbox.flushed()
        verdict = self._after_writing(changed, number, written=written)
        if verdict is not None:
            self._refuse(changed, verdict)
        return await self._call(gateway, changed)

    def _judge(self, order: Order, changed: Order, now: int) -> Verdict | None:
        return self._ledger.risk.change(order, changed, self._market.market(order.instrument), now)

    @staticmethod
    def _standing(order: Order) -> Verdict | None:
        """Whether it is there to be modified, and more of it than that is left."""
        if order.state not in _WORKING:
            return Verdict("not_standing", "ACCEPTED", str(order.state))
        if order.modify_sent:
            return Verdict("modifying", order.new_volume or 0.0, order.volume)
        return None if order.volume > order.traded else Verdict("filled", order.traded, order.volume)

    def _after_writing(self, changed: Order, number: int, *, written: bool) -> Verdict | None:
        """What may have come about while the disk was busy."""
        now = self._clock.now()
        if is_late(changed.valid_until, now):
            return Verdict("valid_until", changed.valid_until, round((now - changed.valid_until) / NS, 3))
        if (refusal := self._desk.refusal()) is not None:
            return refusal
        if not written:
            return Verdict("journal", "", "")
        if number != self._session.number:
            return Verdict("session", "", "new")
        order = self._ledger.book.get(changed.client_order_id) or changed
        return self._standing(replace(order, volume=changed.volume, modify_sent=0))

    def _denied(self, order: Order, verdict: Verdict, asker: Asker) -> OrderDenied:
        """Nothing has changed; that it was asked for is written down."""
        self._desk.denied[verdict.rule] += 1
        facts: Facts = {"rule": verdict.rule, "limit": verdict.limit, "value": verdict.value}
        note = self._ledger.note(EntryKind.MODIFY_DENIED, facts, asker.principal)
        if verdict.rule != "journal":
            terms: Facts = {"price": order.price, "volume": order.volume}
            self._outbox.put(
                replace(
                    note,
                    client_order_id=order.client_order_id,
                    facts=facts | terms,
                    host=asker.host,
                    trader=asker.trader,
                    strategy=order.reference,
                )
            )
        return OrderDenied(verdict.rule, str(verdict.words))

    def _refuse(self, order: Order, verdict: Verdict) -> None:
        """It is in the journal, or will be, and was not sent."""
        self._desk.denied[verdict.rule] += 1
        facts: Facts = {"rule": verdict.rule, "limit": verdict.limit, "value": verdict.value}
        refused = ModifyRefused(order.client_order_id, self._clock.now(), words=str(verdict.words))
        self._ledger.own(refused, EntryKind.MODIFY_DENIED, facts)
        raise OrderDenied(verdict.rule, str(verdict.words))

    async def _call(self, gateway: ModifiesOrders, changed: Order) -> Order:
        """The SDK. Whatever ends this without an answer leaves terms that the venue must be asked for."""
        order_id = changed.client_order_id
        try:
            await asyncio.wait_for(gateway.modify(changed), PATIENCE)
        except NotSent as error:
            refused = ModifyRefused(order_id, self._clock.now(), words=str(error))
            self._ledger.own(refused, EntryKind.VENUE_EVENT)
            raise
        except TimeoutError:
            self._ledger.doubt()
        return self._ledger.book.get(order_id) or changed
