"""What an account answers on the bus, over its desk and its books."""

from collections.abc import Iterable, Sequence

import msgspec

from marketbus.application.trading.restore import notes_of
from marketbus.application.trading.statements import Statements
from marketbus.application.trading.trading import Trading
from marketbus.domain.account import Account
from marketbus.domain.bracket import BracketRequest
from marketbus.domain.errors import BusUnavailable, GatewayError, NotSupported, UnknownInstrument, UnknownOrder
from marketbus.domain.instrument import parse_instrument
from marketbus.domain.order import Order
from marketbus.domain.order_request import CancelRequest, ModifyRequest, OrderRequest
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.rates import InstrumentRates
from marketbus.domain.risk.limits import Tightening
from marketbus.domain.risk.report import RiskReport
from marketbus.domain.trade import Trade
from marketbus.ports.clock import Clock
from marketbus.ports.journal import OrderJournal
from marketbus.ports.trading_publisher import TradingPayload
from marketbus.ports.trading_service import KillState


class AccountService:
    """Implements ports.trading_service.TradingService."""

    def __init__(
        self, trading: Trading, journal: OrderJournal, clock: Clock, statements: Statements | None = None
    ) -> None:
        self._trading = trading
        self._statements = statements
        self._clock = clock
        self._journal = journal
        self.gateway, self.account = trading.ledger.name

    async def send_order(self, request: OrderRequest) -> Order:
        """See `TradingService`."""
        return await self._trading.desk.send(request)

    async def send_bracket(self, request: BracketRequest) -> Sequence[Order]:
        """See `TradingService`."""
        return await self._trading.desk.send_bracket(request)

    async def what_if(self, request: OrderRequest) -> OrderPreview:
        """See `TradingService`."""
        return await self._trading.previews.what_if(request)

    async def modify_order(self, request: ModifyRequest) -> Order:
        """See `TradingService`."""
        return await self._trading.modifications.modify(request)

    async def cancel_order(self, request: CancelRequest) -> Order:
        """See `TradingService`."""
        return await self._trading.desk.cancel(request)

    async def cancel_all(self, vt_symbol: str, principal: str) -> Sequence[Order]:
        """See `TradingService`."""
        return await self._trading.desk.cancel_all(principal, vt_symbol)

    async def order(self, client_order_id: str) -> Order:
        """See `TradingService`."""
        order = await self._trading.desk.order(client_order_id)
        if order is None:
            raise UnknownOrder(f"no order {client_order_id!r} of account {self.account}")
        return order

    def orders(self, *, active: bool) -> Iterable[Order]:
        """See `TradingService`."""
        book = self._trading.ledger.book
        return book.active() if active else list(book)

    def trades(self) -> Iterable[Trade]:
        """See `TradingService`."""
        book = self._trading.ledger.book
        return [trade for order in book for trade in book.trades(order.client_order_id)]

    def positions(self) -> Iterable[Position]:
        """See `TradingService`."""
        return self._trading.ledger.positions()

    def funds(self) -> Account:
        """See `TradingService`."""
        funds = self._trading.ledger.funds
        if funds is None:
            raise GatewayError("the funds are not known yet", "they come with the first complete query after the login")
        return funds

    async def events(self, since: int, limit: int) -> Sequence[TradingPayload]:
        """See `TradingService`. All that one entry tells is given together, so there may be a few more."""
        told: list[TradingPayload] = []
        async for page in self._journal.events(since, self.account):
            for note in notes_of(page):
                told += note.payloads
                if len(told) >= limit:
                    return told
        return told

    def head(self) -> int:
        """See `TradingService`."""
        outbox = self._trading.outbox
        if not outbox.begun:
            raise BusUnavailable(f"account {self.account} reads its journal", "in a moment")
        return outbox.written

    def tally(self, kind: type[TradingPayload], since: int) -> tuple[int, int | None]:
        """See `TradingService`."""
        outbox = self._trading.outbox
        upto = outbox.published
        return upto, outbox.tally.count(kind, since, upto) if since <= outbox.written else None

    def rates(self, vt_symbols: Sequence[str]) -> Sequence[InstrumentRates]:
        """See `TradingService`."""
        wanted = tuple(parse_instrument(text) for text in vt_symbols)
        for instrument in wanted:
            if self._trading.ledger.contract(instrument) is None:
                raise UnknownInstrument(instrument.vt_symbol)
        return self._trading.rates.known(wanted)

    async def settlement(self, trading_day: int) -> tuple[int, str]:
        """See `TradingService`."""
        return await self._kept_statements().get(trading_day)

    def settlement_days(self) -> Sequence[int]:
        """See `TradingService`."""
        return self._kept_statements().days()

    def _kept_statements(self) -> Statements:
        if self._statements is None:
            raise NotSupported("settlement statements are not kept here")
        return self._statements

    def risk(self) -> RiskReport:
        """See `TradingService`."""
        risk = self._trading.ledger.risk
        now, then = msgspec.structs.asdict(risk.limits), msgspec.structs.asdict(risk.configured)
        return RiskReport(
            gateway=self.gateway,
            account=self.account,
            trading_day=risk.flow.state.trading_day,
            limits=risk.limits,
            configured=risk.configured,
            tightened=tuple(name for name, value in now.items() if value != then[name]),
            usage=risk.usage(self._clock.now()),
            exchanges=risk.exchanges(),
            cancels=risk.cancels(),
            loss_stop=risk.flow.state.loss_stop,
            denied=dict(self._trading.desk.denied),
        )

    async def tighten(self, asked: Tightening, principal: str) -> None:
        """See `TradingService`."""
        await self._trading.tightenings.tighten(asked, principal)

    def control(self, principal: str, ttl: float) -> bool:
        """See `TradingService`."""
        self._trading.control.hold(principal, ttl)
        return self._trading.control.armed

    def kill(self, why: str, principal: str) -> None:
        """See `TradingService`."""
        self._trading.kill.kill(principal, why)

    async def release(self, principal: str) -> None:
        """See `TradingService`."""
        await self._trading.kill.release(principal)

    def killed(self) -> KillState:
        """See `TradingService`."""
        kill = self._trading.kill
        return KillState(kill.pulled, kill.flat.is_set(), len(kill.open()))
