"""The one way of an order to the venue: claim, judge, write down, send. Nothing else calls the SDK with an order."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from marketbus.application.trading.ledger import Asker, Ledger
from marketbus.application.trading.market_view import MarketView
from marketbus.application.trading.notes import Facts, Note
from marketbus.application.trading.outbox import Outbox
from marketbus.application.trading.restore import recalled
from marketbus.application.trading.session import TradingSession
from marketbus.domain.bracket import BracketRequest
from marketbus.domain.errors import BadRequest, NotSupported, OrderDenied, UnknownOrder
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.order import Order, OrderState
from marketbus.domain.order_events import CancelRefused, CancelSent, Denied, Lost, Refused, Sent
from marketbus.domain.order_request import MAX_VALIDITY, CancelRequest, OrderRequest, is_late
from marketbus.domain.risk.verdict import Verdict
from marketbus.domain.status import Level
from marketbus.domain.times import NS
from marketbus.ports.clock import Clock
from marketbus.ports.journal import AlreadyClaimed, JournalUnavailable, OrderJournal
from marketbus.ports.log import Log
from marketbus.ports.trading import NotSent, SendsBrackets, TradingGateway

PATIENCE = 5.0
"""Seconds for one call of the SDK, which takes microseconds when all is well."""
READING = 0.2
"""Seconds to look an id up in a journal that is in trouble."""
WRITING = 1.0
"""Seconds that a cancel waits for the journal at most: it lowers risk, and goes out without it."""


class OrderDesk:
    """Takes requests of one account. `killed` says whether the kill switch is on."""

    def __init__(
        self,
        ledger: Ledger,
        gateway: TradingGateway,
        session: TradingSession,
        journal: OrderJournal,
        outbox: Outbox,
        market: MarketView,
        *,
        clock: Clock,
        log: Log,
    ) -> None:
        self.killed: Callable[[], bool] = lambda: False
        self.controlled: Callable[[str], bool] = lambda _: False
        """Whether a principal's order ends with its lease, see control.py."""
        self.denied: Counter[str] = Counter()
        """Orders that we denied, by rule."""
        self._ledger = ledger
        self._gateway = gateway
        self._session = session
        self._journal = journal
        self._outbox = outbox
        self._market = market
        self._clock = clock
        self._log = log
        self._sending: dict[str, asyncio.Task[Sequence[Order]]] = {}
        self._calling: set[str] = set()
        self._acting: set[asyncio.Task[Order]] = set()

    # Orders.

    async def send(self, request: OrderRequest) -> Order:
        """Send one order; the same request again gives what became of the first.

        Returns once the order is on its way, or DENIED, or its outcome is not known; the state says which.

        Raises:
            BadRequest: no id, an id of another order, a validity that is too long.
        """
        return (await self._together((request,)))[0]

    async def send_bracket(self, request: BracketRequest) -> Sequence[Order]:
        """Send an entry with its two legs: judged, written down and sent together. Otherwise as `send`.

        Raises:
            NotSupported: the venue has no brackets.
            BadRequest: as `send`, of any of the three.
        """
        if not isinstance(self._gateway, SendsBrackets):
            raise NotSupported(f"{self._ledger.name.gateway} has no brackets", "send the orders one by one")
        return await self._together(request.orders())

    async def _together(self, requests: Sequence[OrderRequest]) -> Sequence[Order]:
        now = self._clock.now()
        if requests[0].valid_until > now + MAX_VALIDITY:
            raise BadRequest(f"valid_until: more than {MAX_VALIDITY // NS} s ahead", "is the clock right?")
        book, day = self._ledger.book, self._ledger.trading_day
        known = [each for each in requests if each.client_order_id in book]
        claims = [book.claim(each, now, day) for each in (known or requests)]  # the same orders, or others' ids
        if len(claims) < len(requests):
            raise BadRequest(f"client_order_id {known[0].client_order_id!r} is taken", "take a new one")
        orders = [claim.order for claim in claims]
        if not known:
            task = asyncio.get_running_loop().create_task(self._send(requests, orders))
            for order_id in [each.client_order_id for each in requests]:
                self._sending[order_id] = task
                task.add_done_callback(lambda _, order_id=order_id: self._sending.pop(order_id, None))
        running = self._sending.get(requests[0].client_order_id)
        # Shielded: a caller that goes away does not stop an order half way.
        return orders if running is None else await asyncio.shield(running)

    async def order(self, client_order_id: str) -> Order | None:
        """One order as it stands, however old; None when there is no such order.

        Raises:
            JournalUnavailable: it is not one of these days', and the journal cannot be read.
        """
        known = self._ledger.book.get(client_order_id)
        if known is not None:
            return known
        found = await recalled(self._journal, self._ledger.name.account, client_order_id)
        return None if found is None else found[0]

    @property
    def on_the_way(self) -> frozenset[str]:
        """Ids of orders between the claim and the SDK's answer; a query cannot tell anything of them yet."""
        return frozenset(self._sending)

    def session_lost(self) -> None:
        """Nobody knows now what became of orders that the venue has not answered."""
        for order in self._ledger.book.active():
            if order.state is OrderState.SENT or order.client_order_id in self._calling:
                self.lost(order, "disconnect")

    def lost(self, order: Order, why: str) -> None:
        """The outcome of an order is not known: the venue must be asked."""
        self._ledger.own(Lost(order.client_order_id, self._clock.now()), EntryKind.OUTCOME_UNKNOWN, {"cause": why})
        self._log.log(Level.WARNING, "order.unknown", order=order.client_order_id, why=why)
        self._ledger.doubt()

    async def _send(self, requests: Sequence[OrderRequest], orders: Sequence[Order]) -> Sequence[Order]:
        verdict = self._judge(orders)
        number = self._session.number
        if verdict is None:
            try:
                orders = [self._ledger.numbered(order, self._gateway.next_ref()) for order in orders]
            except NotSent as error:
                verdict = Verdict("session", "", error.message)
        asked = list(zip(requests, orders, strict=True))
        if verdict is not None:
            return [await self._deny_unclaimed(*each, verdict) for each in asked]
        notes = [(self._claimed(request), self._note(EntryKind.NEW, order, request)) for request, order in asked]
        try:
            await self._outbox.claim(*(note for pair in notes for note in pair))
        except AlreadyClaimed:
            return await self._older(requests, orders)
        except JournalUnavailable as error:
            return [self._deny(order, Verdict("journal", "", str(error.words))) for order in orders]
        except ValueError as error:  # a text that no encoding can carry
            return [self._deny(order, Verdict("journal", "", str(error))) for order in orders]
        for order in orders:
            self._ledger.noted(order)
        now, first = self._clock.now(), orders[0]
        self._ledger.steps.journal.add((now - first.created) / NS)
        refusal = self.refusal()
        if is_late(first.valid_until, now):
            refusal = Verdict("valid_until", first.valid_until, round((now - first.valid_until) / NS, 3))
        elif refusal is None and number != self._session.number:
            refusal = Verdict("session", "", "new")  # the reference is of the session before
        if refusal is not None:
            return [self._deny(order, refusal, note=True) for order in orders]
        return await self._call(orders)

    async def _call(self, orders: Sequence[Order]) -> Sequence[Order]:
        """The SDK. Whatever ends this without an answer leaves orders whose outcome is not known."""
        ids, called = [order.client_order_id for order in orders], self._clock.now()
        self._calling.update(ids)
        try:
            if len(orders) == 1:
                await asyncio.wait_for(self._gateway.send(orders[0]), PATIENCE)
            elif isinstance(self._gateway, SendsBrackets):
                await asyncio.wait_for(self._gateway.send_bracket(orders), PATIENCE)
        except NotSent as error:
            refused = [Refused(order_id, self._clock.now(), words=str(error)) for order_id in ids]
            return [self._ledger.own(each, EntryKind.VENUE_EVENT) for each in refused]
        except TimeoutError:
            self._lost(orders, "timeout")
        except BaseException:
            self._lost(orders, "error")
            raise
        else:
            for order in orders:
                sent = Sent(order.client_order_id, self._clock.now(), order.venue_ref)
                self._ledger.own(sent, EntryKind.SENT, {"called": called})
            self._ledger.steps.sdk.add((self._clock.now() - called) / NS)
        finally:
            self._calling.difference_update(ids)
        return [self._ledger.book.get(order.client_order_id) or order for order in orders]

    def _lost(self, orders: Sequence[Order], why: str) -> None:
        for order in orders:
            self.lost(order, why)

    def _judge(self, orders: Sequence[Order]) -> Verdict | None:
        refusal = self.refusal()
        if refusal is not None:
            return refusal
        market = self._market.market(orders[0].instrument)
        return self._ledger.risk.reserve_all(orders, market, self._clock.now())

    def refusal(self) -> Verdict | None:
        """Why nothing goes out now, whatever it is."""
        if self.killed():
            return Verdict("killed", "", "")
        if (trouble := self._journal.trouble) is not None:
            return Verdict("journal", "", str(trouble.words))
        if not self._session.ready:
            return Verdict("session", "READY", self._session.blocked or self._session.state)
        return None

    async def _deny_unclaimed(self, request: OrderRequest, order: Order, verdict: Verdict) -> Order:
        """The denial takes the id: a request sent again later must not be executed then."""
        change = self._ledger.book.own(verdict.denied(order.client_order_id, self._clock.now()))[0]
        denied = change.order or order
        self.denied[verdict.rule] += 1
        self._ledger.noted(denied)
        note = self._note(EntryKind.DENIED, denied, request)
        if self._journal.trouble is not None:  # the answer does not wait until it can be written
            if await self._is_taken(denied.client_order_id):
                return (await self._older((request,), (order,)))[0]
            self._outbox.claim_later(self._claimed(request), note)
            return denied
        try:
            await self._outbox.claim(self._claimed(request), note)
        except AlreadyClaimed:
            return (await self._older((request,), (order,)))[0]
        except JournalUnavailable as error:
            self._log.log(Level.WARNING, "journal.unwritable", words=error.words, detail=str(error))
        except ValueError:
            self._log.log(Level.WARNING, "desk.unwritten", order=denied.client_order_id)
        return denied

    async def _is_taken(self, client_order_id: str) -> bool:
        """Whether the id names an order of another day, as far as the journal says so soon."""
        try:
            async with asyncio.timeout(READING):
                return bool(await self._journal.order(self._ledger.name.account, client_order_id))
        except (JournalUnavailable, TimeoutError):
            return False

    def _deny(self, order: Order, verdict: Verdict, *, note: bool = False) -> Order:
        denied: Denied = verdict.denied(order.client_order_id, self._clock.now())
        self.denied[verdict.rule] += 1
        if note:
            return self._ledger.own(denied, EntryKind.DENIED)
        # Not in the journal, or nobody knows: nothing more is written about it, and it was not sent.
        after = self._ledger.book.own(denied)[0].order or order
        self._ledger.noted(after)
        return after

    async def _older(self, requests: Sequence[OrderRequest], orders: Sequence[Order]) -> Sequence[Order]:
        """An id was used on another day, or by a claim of which we did not hear that it was written."""
        account, taken = self._ledger.name.account, requests[0].client_order_id
        found = [await recalled(self._journal, account, each.client_order_id) for each in requests]
        for order, there in zip(orders, found, strict=True):
            if there is None:  # of a bracket; nothing of it was taken
                self._deny(order, Verdict("bracket", "", order.client_order_id))
                continue
            taken = order.client_order_id
            self._ledger.adopted(*there)
            if there[0].state in (OrderState.NEW, OrderState.SENT):
                self.lost(there[0], "found in the journal")
        for request, there in zip(requests, found, strict=True):
            if there is None:
                raise BadRequest(f"client_order_id {taken!r} is taken", "take a new one")
            if field := request.differs_from(there[0]):
                raise BadRequest(
                    f"client_order_id {request.client_order_id!r} belongs to an order with another {field}",
                    "an id names one order for ever; take a new one",
                )
        return [self._ledger.book.get(each.client_order_id) or each for each in orders]

    def _claimed(self, request: OrderRequest) -> Note:
        note = self._ledger.note(EntryKind.CLAIMED, principal=request.origin)
        return Note(
            kind=note.kind,
            time=note.time,
            account=note.account,
            trading_day=note.trading_day,
            event=request,
            principal=request.origin,
            host=request.host,
            trader=request.trader,
            strategy=request.reference,
            client_order_id=request.client_order_id,
        )

    def _note(self, kind: EntryKind, order: Order, request: OrderRequest) -> Note:
        return Note(
            kind=kind,
            time=self._clock.now(),
            account=self._ledger.name.account,
            trading_day=self._ledger.trading_day,
            order=order,
            facts={"control": True} if kind is EntryKind.NEW and self.controlled(order.origin) else {},
            host=request.host,
            trader=request.trader,
        )

    # Cancels.

    async def cancel(self, request: CancelRequest) -> Order:
        """Ask the venue to cancel one order; one that is over is given back as it stands.

        Returns once the cancel is on its way; that it is cancelled is told by its state.

        Raises:
            UnknownOrder: no such order.
            BadRequest: the request is late.
            OrderDenied: the contract's cancels of the day are used up, and the order lowers risk.
            NotSent: there is no session, or the SDK said no.
        """
        order = await self.order(request.client_order_id)
        if order is None:
            raise UnknownOrder(f"no order {request.client_order_id!r} of account {self._ledger.name.account}")
        if is_late(request.valid_until, self._clock.now()):
            raise BadRequest("valid_until: the cancel came too late, it was not executed", "send it again if it stands")
        asker = Asker(request.origin, request.host, request.trader)
        return await self.shielded(self._cancel(order, asker, emergency=False))

    async def cancel_now(self, order: Order, principal: str, *, even_if_over: bool = False) -> Order:
        """In an emergency: no limit of ours holds it back. `even_if_over`: the venue may hold what it does not tell of.

        Raises:
            NotSent: there is no session, or the SDK said no.
        """
        return await self.shielded(self._cancel(order, Asker(principal), emergency=True, even_if_over=even_if_over))

    async def cancel_all(self, principal: str, vt_symbol: str = "") -> list[Order]:
        """Ask for the cancel of every open order, other terminals' included; of one instrument, if it is named.

        Gives the orders that were asked for. What could not go out is left as it stands.
        """
        orders = [order for order in self._ledger.book.active() if vt_symbol in ("", order.vt_symbol)]
        asked = await asyncio.gather(*(self.cancel_now(order, principal) for order in orders), return_exceptions=True)
        for result in asked:
            if isinstance(result, BaseException) and not isinstance(result, NotSent):
                raise result
        return [each for each in asked if isinstance(each, Order)]

    async def _cancel(self, order: Order, asker: Asker, *, emergency: bool, even_if_over: bool = False) -> Order:
        order_id = order.client_order_id
        await self.went(order_id)  # a cancel must not overtake its order
        order = self._ledger.book.get(order_id) or order
        if not order.is_active and not even_if_over:
            return order
        if order_id not in self._ledger.book:
            self._ledger.adopted(order)
        if not self._session.connected:
            raise NotSent("no trading session", "the cancel was not sent; try again when it is back")
        now = self._clock.now()
        verdict = self._ledger.risk.cancel(order, now, emergency=emergency)
        if verdict is not None:
            raise OrderDenied(verdict.rule, str(verdict.words))
        facts: Facts = {"by": asker.principal}
        if self._ledger.risk.large(order):
            facts["large"] = True  # counted apart, over restarts too
        self._ledger.steps.cancels += 1
        order = self._ledger.own(CancelSent(order_id, now), EntryKind.CANCEL_REQUESTED, facts, asker)
        await self._written()
        try:
            await asyncio.wait_for(self._gateway.cancel(order), PATIENCE)
        except NotSent as error:
            self._ledger.own(CancelRefused(order_id, self._clock.now(), words=str(error)), EntryKind.VENUE_EVENT)
            raise
        except TimeoutError:
            self._ledger.doubt()
        return self._ledger.book.get(order_id) or order

    async def _written(self) -> None:
        try:
            await asyncio.wait_for(self._outbox.flushed(), WRITING)
        except TimeoutError:
            return  # a disk that hangs

    async def went(self, client_order_id: str) -> None:
        """Wait until an order that is being sent has gone."""
        if (sending := self._sending.get(client_order_id)) is not None:
            await asyncio.wait({sending})

    async def shielded(self, work: Coroutine[Any, Any, Order]) -> Order:
        """Work on an order that goes on when its caller goes away."""
        task = asyncio.get_running_loop().create_task(work)
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)
        return await asyncio.shield(task)

    def stop(self) -> None:
        """End what is under way; what became of it is found out at the next start."""
        for task in (*self._sending.values(), *self._acting):
            task.cancel()
