"""The orders of one account: what goes to TWS, and what TWS says of it to the order desk."""

import asyncio
from collections.abc import Callable, Iterable

from ib_async.contract import Contract as IbContract
from ib_async.objects import CommissionReport, Execution
from ib_async.order import Order as IbOrder
from ib_async.order import OrderState as IbOrderState

from marketbus.domain.instrument import Instrument
from marketbus.domain.message import Bilingual, reason
from marketbus.domain.order import Order
from marketbus.domain.order_events import CancelRefused, ModifyRefused, Refused
from marketbus.domain.order_request import is_late
from marketbus.domain.preview import OrderPreview
from marketbus.domain.status import Level
from marketbus.domain.times import NS
from marketbus.gateways.ib import notices
from marketbus.gateways.ib import orders as words
from marketbus.gateways.ib.catalogue import Catalogue
from marketbus.gateways.ib.connection import Connection
from marketbus.gateways.ib.fills import Fills
from marketbus.gateways.ib.notices import OnOrder
from marketbus.gateways.ib.pacer import Urgency
from marketbus.gateways.ib.setting import Setting
from marketbus.gateways.ib.standing import Standing
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import GatewaySink, GatewaySpec, Logged
from marketbus.ports.trading import NotSent, TradingSink

_SURE = 400
"""Codes below it refuse an order that never worked; of those above it, only its status tells."""


class TradingSide:
    """Implements heard.OrdersHeard; lives on the loop."""

    def __init__(
        self,
        spec: GatewaySpec,
        setting: Setting,
        catalogue: Catalogue,
        sink: TradingSink,
        log: GatewaySink,
        clock: Clock,
    ) -> None:
        self.account: Callable[[], str] = lambda: setting.account
        """The account's number at IB."""
        self.profit: tuple[float, float, float] | None = None
        """Of today, open, realised: as TWS said last."""
        self.executed: dict[int, list[tuple[IbContract, Execution]]] = {}
        """Answers to queries of executions, by their number."""
        self.standings: dict[tuple[int, int], Standing] = {}
        """By client and order id; of a completed order, 0 and its permId."""
        self.heard: set[tuple[int, int]] | None = None
        """What was spoken of since a query began."""
        self._spec = spec
        self._setting = setting
        self._catalogue = catalogue
        self._sink = sink
        self._log = log
        self._clock = clock
        self._connection: Connection | None = None
        self._by_perm: dict[int, tuple[int, int]] = {}
        self.fills = Fills(spec.name, spec.account, sink, clock)

    # Calls

    def begin(self, connection: Connection) -> None:
        """A connection on which orders can go."""
        self._connection = connection
        self.profit = None

    def end(self) -> None:
        """It is gone."""
        if self._connection is not None:
            self._connection = None
            self.fills.flush()
            self._sink.trading_lost()

    @property
    def connection(self) -> Connection:
        """Where orders and queries go; raises NotSent: nowhere."""
        if self._connection is None or not self._connection.open:
            raise NotSent("no connection to TWS")
        return self._connection

    def next_ref(self) -> str:
        """`client.order`, the number of the next order."""
        return f"{self._setting.client_id}.{self.connection.number()}"

    async def insert(self, *orders: Order) -> None:
        """Send an order, or a bracket; before everything that waits. TWS holds a bracket until its last order is there.

        Raises:
            NotSent: it is late by now, cannot be said in IB's words, or there is no connection.
        """
        connection = self.connection
        first, client = orders[0], self._setting.client_id
        contract = self._contract(first)
        numbers = [int(order.venue_ref.partition(".")[2]) for order in orders]
        requests = [words.insertion(order, self.account()) for order in orders]
        for request in requests[1:]:
            request.parentId = numbers[0]
        for request in requests[:-1]:
            request.transmit = False

        def place() -> None:
            for number, request in zip(numbers, requests, strict=True):
                standing = self.standings[client, number] = Standing(number, client, contract, request)
                standing.instrument = first.instrument
                connection.client.placeOrder(number, contract, request)

        for _ in orders[1:]:  # they leave together: room for each in what TWS counts
            connection.send(Urgency.ORDER, lambda _: None)
        await self._urgent(connection, place, first.valid_until)

    async def what_if(self, order: Order) -> OrderPreview:
        """What TWS says an order would cost. Raises NotSent, GatewayError: its refusal, or no answer."""
        connection = self.connection
        number, contract, request = connection.number(), self._contract(order), words.insertion(order, self.account())
        request.whatIf = True
        rows = await connection.ask(number, lambda client: client.placeOrder(number, contract, request))
        return words.preview(rows[-1])

    async def modify(self, order: Order) -> None:
        """Place an order again with other terms: so TWS changes it.

        Raises:
            NotSent: it was not placed by this client, TWS has not told of it, it is late, or there is no connection.
        """
        connection, number = self.connection, self._number(order)
        standing = self.standings.get((self._setting.client_id, number))
        if standing is None or standing.over:
            raise NotSent(f"TWS has not told of {order.client_order_id} since the connection began, or it is over")
        asked = words.modified(standing.order, order.price, order.volume)

        def place() -> None:
            standing.asked = asked
            connection.client.placeOrder(number, standing.contract, asked)

        await self._urgent(connection, place, order.valid_until)

    async def cancel(self, order: Order) -> None:
        """Ask for a cancel.

        Raises:
            NotSent: it was not placed by this client, or there is no connection.
        """
        connection, number = self.connection, self._number(order)

        def place() -> None:
            standing = self.standings.get((self._setting.client_id, number))
            if standing is not None and standing.client_order_id not in ("", order.client_order_id):
                raise ConnectionError(f"{number} is another order's number: {order.client_order_id} was never sent")
            connection.client.cancelOrder(number)

        await self._urgent(connection, place)

    def _contract(self, order: Order) -> IbContract:
        entry = self._catalogue.get(order.instrument)
        if entry is None:
            raise NotSent(f"{order.vt_symbol} is not listed")
        own = self._catalogue.canonical(entry.request.conId)
        if own is not None and own.contract.instrument != order.instrument:
            # after a restart TWS tells of it by its number alone: it must have one name
            raise NotSent(f"{order.vt_symbol} is another name of {own.contract.vt_symbol}", "trade it as that")
        return entry.request

    def _number(self, order: Order) -> int:
        client, _, number = order.venue_ref.partition(".")
        if not number and order.venue_id.isdigit():
            client_id, order_id = self._by_perm.get(int(order.venue_id), (0, 0))
            client, number = str(client_id), str(order_id)
        if client != str(self._setting.client_id) or not number.isdigit() or not int(number):
            raise NotSent(
                "TWS changes or cancels an order for the program that placed it", "do it there, or in TWS itself"
            )
        return int(number)

    async def _urgent(self, connection: Connection, place: Callable[[], None], valid_until: int = 0) -> None:
        """Send a message about an order before everything that waits; not when it is late by then."""
        went: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def go() -> None:
            if went.done():  # nobody waits for it any more: it must not go out now
                return
            now = self._clock.now()
            if valid_until and is_late(valid_until, now):
                went.set_exception(NotSent(f"valid_until passed {(now - valid_until) / NS:.3f} s ago"))
                return
            try:
                place()
            except ConnectionError as error:
                went.set_exception(NotSent(str(error)))
            else:
                went.set_result(None)

        connection.send(Urgency.ORDER, lambda _: go(), lambda: _dropped(went))
        await went

    # What TWS says

    def open_order(self, contract: IbContract, order: IbOrder, state: IbOrderState) -> None:
        """See OrdersHeard."""
        if not self._ours(order.account):
            return
        key = (order.clientId, order.orderId) if order.orderId > 0 else (0, order.permId)
        standing = self.standings.get(key)
        if standing is None:
            standing = self.standings[key] = Standing(order.orderId, order.clientId, contract, order)
        standing.opened(order)
        standing.became(state.status, None)
        self._follow(key, standing)

    def status(self, order_id: int, client_id: int, perm_id: int, status: str, filled: float, average: float) -> None:
        """See OrdersHeard."""
        key = (client_id, order_id) if order_id > 0 else (0, perm_id)
        standing = self.standings.get(key)
        if standing is None:
            return  # of another account, or the order itself follows
        standing.became(status, filled, perm_id)
        self._follow(key, standing)

    def completed(self, contract: IbContract, order: IbOrder, state: IbOrderState) -> None:
        """See OrdersHeard. It has neither its client nor its order id, and its total may be missing."""
        if not self._ours(order.account):
            return
        key = self._by_perm.get(order.permId, (0, order.permId))
        standing = self.standings.get(key)
        if standing is None:
            standing = self.standings[key] = Standing(0, 0, contract, order)
        filled = words.known(order.filledQuantity) or 0.0
        standing.opened(order)
        standing.volume = max(standing.volume, filled)
        standing.became(state.status, filled, order.permId)
        self._follow(key, standing, quiet=True)

    def execution(self, number: int, contract: IbContract, execution: Execution) -> None:
        """See OrdersHeard."""
        if not self._ours(execution.acctNumber):
            return
        if number in self.executed:
            self.executed[number].append((contract, execution))
        elif (instrument := self.name_of(contract, execution.permId)) is not None:
            self.fills.executed(instrument, execution)

    def commission(self, report: CommissionReport) -> None:
        """See OrdersHeard."""
        self.fills.cost(report)

    def error(self, order_id: int, code: int, words: str) -> bool:
        """See OrdersHeard. What becomes of the order is not said here, unless it never worked."""
        standing = self.standings.get((self._setting.client_id, order_id))
        if standing is None:
            return False
        kind, hint = notices.on_order(code), notices.hint(code)
        said, now = str(reason(words, hint)), self._clock.now()
        ours = standing.client_order_id
        if kind is OnOrder.CANCEL_REFUSED:
            self._say("td.cancel_refused", ours, code, reason(words, hint))
            self._sink.venue(CancelRefused(ours, now, code, said))
        elif kind is OnOrder.CANCELLED:
            if words.rpartition(":")[2].strip():  # `Order Canceled - reason:` says nothing by itself
                standing.error = (code, said)
        elif kind is OnOrder.REJECTED and standing.asked is not None:
            standing.asked = None
            self._say("td.modify_refused", ours, code, reason(words, hint))
            self._sink.venue(ModifyRefused(ours, now, code, said))
        elif kind is OnOrder.ADVICE or standing.live:
            self._say("td.advice", ours, code, reason(words, None))
        else:
            standing.error = (code, said)
            self._say("td.order_refused", ours, code, reason(words, hint))
            if code < _SURE:
                self._sink.venue(Refused(ours, now, code, said))
        return True

    def earned(self, daily: float, open_: float, realised: float) -> None:
        """See OrdersHeard."""
        known = [words.known(each) for each in (daily, open_, realised)]
        if known[0] is not None:
            self.profit = (known[0], known[1] or 0.0, known[2] or 0.0)

    # Names

    def name_of(self, contract: IbContract, perm_id: int = 0) -> Instrument | None:
        """Ours for a contract of TWS's, the order's own first; None while nobody knows it."""
        key = self._by_perm.get(perm_id)
        standing = None if key is None else self.standings.get(key)
        if standing is not None and standing.instrument is not None:
            return standing.instrument
        entry = self._catalogue.canonical(contract.conId)
        return None if entry is None else entry.contract.instrument

    def unnamed(self) -> Iterable[Standing]:
        """Orders whose contracts must be asked about."""
        return [each for each in self.standings.values() if each.instrument is None]

    def forget(self, heard: Iterable[tuple[int, int]]) -> None:
        """What is over and TWS does not tell of any more: another day's."""
        kept = set(heard)
        gone = [key for key, each in self.standings.items() if each.over and key not in kept]
        for key in gone:
            self._by_perm.pop(self.standings.pop(key).perm_id, None)

    def _follow(self, key: tuple[int, int], standing: Standing, *, quiet: bool = False) -> None:
        if standing.perm_id:
            self._by_perm[standing.perm_id] = key
        if standing.instrument is None:
            standing.instrument = self.name_of(standing.contract)
        if self.heard is not None:
            self.heard.add(key)
        report = standing.report(self._spec.name, self._spec.account, self._clock.now())
        if report is not None and not quiet:
            self._sink.venue(report)

    def _ours(self, account: str) -> bool:
        return not account or not self.account() or account == self.account()

    def _say(self, code: str, client_order_id: str, error: int, words: Bilingual) -> None:
        fields: dict[str, str | int | Bilingual] = {"id": client_order_id, "error": error, "words": words}
        self._log.event(Logged(Level.WARNING, code, {**fields}))


def _dropped(went: "asyncio.Future[None]") -> None:
    if not went.done():
        went.set_exception(NotSent("the connection to TWS ended before it went out"))
