"""A line of the CTP family that trades: the trading port on top of the market data line."""

from collections.abc import Sequence

from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Instrument
from marketbus.domain.order import Order
from marketbus.domain.rates import Rates
from marketbus.gateways.ctp_family.book_records import BookRecords
from marketbus.gateways.ctp_family.books import Books
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.direct.choose import Direct
from marketbus.gateways.ctp_family.gateway import FamilyGateway
from marketbus.gateways.ctp_family.order_records import OrderRecords
from marketbus.gateways.ctp_family.sdk import Sdk
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.gateways.ctp_family.trading_side import TradingSide
from marketbus.ports.gateway import Capability, GatewayContext, GatewaySpec
from marketbus.ports.trading import VenueBooks, VenueHoldings


class TradingFamilyGateway(FamilyGateway):
    """Implements ports.trading.TradingGateway too. The context has a trading sink."""

    capabilities = FamilyGateway.capabilities | {Capability.TRADING}
    _side: TradingSide

    def __init__(
        self,
        dialect: Dialect,
        spec: GatewaySpec,
        setting: Setting,
        context: GatewayContext,
        sdk: Sdk,
        direct: Direct | None = None,
        ticks_path: str = "python",
    ) -> None:
        """As FamilyGateway."""
        super().__init__(dialect, spec, setting, context, sdk, direct, ticks_path)
        records = BookRecords(dialect, spec.name, spec.account, self._symbols)
        self._books = Books(self._td, self._queries, setting, self._side, records, context.clock)

    def next_ref(self) -> str:
        """The next order's `front_session_ref`. Raises NotSent: no session."""
        return self._side.refs.following()

    async def send(self, order: Order) -> None:
        """Give an order to the SDK.

        Raises:
            NotSent: not in the counter's words, of an earlier session, or the SDK said no.
            GatewayError: the call did not return: the outcome is not known.
        """
        await self._td_lane.call("send order", lambda: self._td.insert(order))

    async def cancel(self, order: Order) -> None:
        """Ask for a cancel. Raises as `send`."""
        await self._td_lane.call("cancel order", lambda: self._td.cancel(order))

    async def books(self, *, twice: bool = False) -> VenueBooks:
        """Orders, trades, positions and funds, to the last row. Raises BooksIncomplete."""
        return await self._books.all(twice=twice)

    async def holdings(self) -> VenueHoldings:
        """Positions and funds alone. Raises BooksIncomplete."""
        return await self._books.holdings()

    async def rates(self, instruments: Sequence[Instrument]) -> dict[Instrument, Rates]:
        """Margin and commission rates, two queries per instrument; what the venue does not say is left out."""
        return await self._books.rates(instruments)

    async def settlement(self, trading_day: int) -> str:
        """The settlement statement of a day; empty when there is none. Raises BooksIncomplete."""
        return await self._books.settlement(trading_day)

    def _trading_side(self, dialect: Dialect, context: GatewayContext) -> TradingSide:
        assert context.trading is not None
        records = OrderRecords(
            dialect,
            self._spec.name,
            self._spec.account,
            self._symbols,
            ExchangeTime(context.market.days),
            context.clock,
            self.market_clock,
        )
        self._side = TradingSide(
            dialect, self._setting, records, self._symbols, context.trading, context.sink, context.clock
        )
        return self._side
