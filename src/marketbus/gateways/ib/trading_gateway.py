"""A line to TWS that trades: the trading port on top of the market data line."""

from collections.abc import Sequence

from marketbus.domain.instrument import Instrument
from marketbus.domain.order import Order
from marketbus.domain.preview import OrderPreview
from marketbus.domain.rates import Rates
from marketbus.gateways.ib.books import Books
from marketbus.gateways.ib.connection import Connection
from marketbus.gateways.ib.gateway import IbGateway
from marketbus.gateways.ib.heard import OrdersHeard
from marketbus.gateways.ib.pacer import Urgency
from marketbus.gateways.ib.setting import Setting
from marketbus.gateways.ib.trading_side import TradingSide
from marketbus.ports.gateway import Capability, GatewayContext, GatewaySpec
from marketbus.ports.trading import VenueBooks, VenueHoldings


class TradingIbGateway(IbGateway):
    """Implements ports.trading.TradingGateway too. The context has a trading sink."""

    capabilities = IbGateway.capabilities | {
        Capability.TRADING,
        Capability.MODIFY_ORDERS,
        Capability.WHAT_IF,
        Capability.BRACKETS,
    }
    _side: TradingSide

    def __init__(self, spec: GatewaySpec, setting: Setting, context: GatewayContext) -> None:
        self._setting = setting
        super().__init__(spec, setting, context)
        self._sink_of_trading = context.trading
        self._follows_profit: Connection | None = None
        self._side.account = lambda: self._session.account
        self._books = Books(spec, self._side, self._catalogue, context.sink, context.clock, self.market_clock)

    def next_ref(self) -> str:
        """The next order's `client.order`. Raises NotSent: no session."""
        return self._side.next_ref()

    async def send(self, order: Order) -> None:
        """Give an order to TWS. Raises NotSent."""
        await self._side.insert(order)

    async def send_bracket(self, orders: Sequence[Order]) -> None:
        """Give an entry and its legs to TWS. Raises NotSent."""
        await self._side.insert(*orders)

    async def what_if(self, order: Order) -> OrderPreview:
        """What TWS says it would cost. Raises NotSent, GatewayError."""
        return await self._side.what_if(order)

    async def modify(self, order: Order) -> None:
        """Ask TWS for the order's price and volume. Raises NotSent."""
        await self._side.modify(order)

    async def cancel(self, order: Order) -> None:
        """Ask for a cancel. Raises NotSent."""
        await self._side.cancel(order)

    async def books(self, *, twice: bool = False) -> VenueBooks:
        """Orders, executions, positions and funds, to the last row. Raises BooksIncomplete."""
        return await self._books.all(twice=twice)

    async def holdings(self) -> VenueHoldings:
        """Positions and funds alone. Raises BooksIncomplete."""
        return await self._books.holdings()

    async def rates(self, instruments: Sequence[Instrument]) -> dict[Instrument, Rates]:
        """None: IB tells what an order costs, not by which rate."""
        return {}

    async def settlement(self, trading_day: int) -> str:
        """None: IB's statements are on its web site."""
        return ""

    # The line's parts

    def begin(self, connection: Connection) -> None:
        """See Parts."""
        super().begin(connection)
        self._begin_trading(connection)

    def restored(self, *, data_lost: bool) -> None:
        """See Parts."""
        super().restored(data_lost=data_lost)
        connection = self._session.connection
        if connection is not None:
            self._begin_trading(connection)

    def broken(self) -> None:
        """See Parts."""
        self._side.end()

    def _begin_trading(self, connection: Connection) -> None:
        self._side.begin(connection)
        if self._follows_profit is not connection and connection.open:  # TWS keeps it over its own outages
            self._follows_profit = connection
            number, account = connection.number(), self._session.account
            connection.send(Urgency.QUERY, lambda client: client.reqPnL(number, account, ""))
        if self._sink_of_trading is not None:
            self._sink_of_trading.trading_ready(self._books.trading_day)

    def _orders_of(self, spec: GatewaySpec, context: GatewayContext) -> OrdersHeard | None:
        assert context.trading is not None
        self._side = TradingSide(spec, self._setting, self._catalogue, context.trading, context.sink, context.clock)
        return self._side
