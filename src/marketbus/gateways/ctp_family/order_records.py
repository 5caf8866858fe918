"""Order and trade records (the SDK's dicts) to the venue's words in our terms."""

from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import OrderState
from marketbus.domain.order_events import OrderReport
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset
from marketbus.domain.trade import Trade
from marketbus.gateways.ctp_family import order_codes as codes
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.record import BadRecord, Record, amount, day, lots, place, sure, text, whole
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.ports.clock import Clock, MarketClock


class OrderRecords:
    """Of one account. Words that are not known become UNKNOWN; what has no identity or no sane volume is refused."""

    def __init__(
        self,
        dialect: Dialect,
        gateway: str,
        account: str,
        symbols: Symbols,
        times: ExchangeTime,
        clock: Clock,
        market_clock: MarketClock,
    ) -> None:
        self._gateway = gateway
        self._account = account
        self._symbols = symbols
        self._times = times
        self._clock = clock
        self._market_clock = market_clock
        self._hedge_of = {code: hedge for hedge, code in dialect.hedges.items()}
        self.trading_day = 0
        """The session's, yyyymmdd: for records without one."""

    def order(self, data: Record, *, queried: bool = False) -> OrderReport:
        """An order as it stands.

        Raises:
            BadRecord: no instrument, no number to know it by, or impossible volumes.
        """
        symbol, exchange = place(data, self._symbols)
        venue_ref, venue_id = reference(data), text(data, "OrderSysID")
        if not venue_ref and not venue_id:
            raise BadRecord("bad_order", f"an order of {symbol} without OrderRef and OrderSysID")
        volume, traded = lots(data, "VolumeTotalOriginal"), lots(data, "VolumeTraded")
        if traded > volume:
            raise BadRecord("bad_volume", f"{traded:g} lots traded of {volume:g}")
        state = codes.STATE_OF.get(text(data, "OrderStatus"), OrderState.UNKNOWN)
        words = text(data, "StatusMsg")
        if state is OrderState.CANCELLED:
            if text(data, "OrderSubmitStatus") == codes.INSERT_REJECTED and not traded:
                state = OrderState.REJECTED  # the exchange refused it: CTP calls that cancelled too
            elif words == codes.CANCELLED_AS_ASKED:
                words = ""
        terms = codes.Terms(*(text(data, name) for name in ("OrderPriceType", "TimeCondition", "VolumeCondition")))
        return OrderReport(
            gateway=self._gateway,
            account=self._account,
            symbol=symbol,
            exchange=exchange,
            state=state,
            direction=codes.DIRECTION_OF.get(text(data, "Direction"), Direction.UNKNOWN),
            offset=codes.OFFSET_OF.get(text(data, "CombOffsetFlag")[:1], Offset.UNKNOWN),
            type=codes.type_of(terms, text(data, "ContingentCondition")),
            price=amount(data, "LimitPrice"),
            volume=volume,
            traded=traded,
            venue_ref=venue_ref,
            venue_id=venue_id,
            hedge=self._hedge_of.get(text(data, "CombHedgeFlag")[:1], HedgeFlag.UNKNOWN),
            error_msg=words if state in (OrderState.CANCELLED, OrderState.REJECTED) else "",
            trading_day=self._day(data),
            datetime=self._time(data, exchange, "InsertDate", "InsertTime"),
            received=self._clock.now(),
            queried=queried,
        )

    def trade(self, data: Record) -> Trade:
        """One fill. It names its order by the exchange's number only: OrderRef alone does not say whose it is.

        Raises:
            BadRecord: no instrument, no TradeID, no price or no volume.
        """
        symbol, exchange = place(data, self._symbols)
        tradeid, volume = text(data, "TradeID"), lots(data, "Volume")
        if not tradeid or not volume:
            raise BadRecord("bad_trade", f"a trade of {symbol}: TradeID {tradeid!r}, {volume:g} lots")
        direction = codes.DIRECTION_OF.get(text(data, "Direction"))
        if direction is None:
            raise BadRecord("bad_trade", f"trade {tradeid} of {symbol}: Direction {data.get('Direction')!r}")
        return Trade(
            gateway=self._gateway,
            account=self._account,
            symbol=symbol,
            exchange=exchange,
            tradeid=tradeid,
            client_order_id="",
            direction=direction,
            offset=codes.OFFSET_OF.get(text(data, "OffsetFlag"), Offset.UNKNOWN),
            price=sure(data, "Price"),
            volume=volume,
            datetime=self._time(data, exchange, "TradeDate", "TradeTime"),
            received=self._clock.now(),
            trading_day=self._day(data),
            venue_id=text(data, "OrderSysID"),
            hedge=self._hedge_of.get(text(data, "HedgeFlag"), HedgeFlag.UNKNOWN),
        )

    def _day(self, data: Record) -> int:
        return day(data, "TradingDay") or self.trading_day

    def _time(self, data: Record, exchange: Exchange, date: str, time: str) -> int:
        """Exchange time; 0 where the venue does not say: no reason to lose an order."""
        trading_day = text(data, "TradingDay") or str(self.trading_day)
        try:
            now = self._market_clock.now()
            return self._times.resolve(exchange, trading_day, text(data, date), text(data, time), 0, now).instant
        except ValueError:
            return 0


def reference(data: Record) -> str:
    """`front_session_ref`, as vnpy names orders; empty when it has none."""
    ref = text(data, "OrderRef")
    return f"{whole(data, 'FrontID')}_{whole(data, 'SessionID')}_{ref}" if ref else ""
