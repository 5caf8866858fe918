"""Fills: each told once with what it cost, which TWS says in a message of its own a moment later."""

import asyncio
import re

from ib_async.objects import CommissionReport, Execution
from msgspec import structs

from marketbus.domain.instrument import Instrument
from marketbus.domain.order_terms import Offset
from marketbus.domain.times import from_datetime
from marketbus.domain.trade import Trade
from marketbus.gateways.ib.orders import direction_of, known
from marketbus.gateways.ib.quote import exact
from marketbus.ports.clock import Clock
from marketbus.ports.trading import TradingSink

PATIENCE = 0.25
"""Seconds for the word on the commission; then the fill is told without."""
MANY = 50_000
"""Costs remembered: TWS tells those of the day again with every query."""
_CORRECTION = re.compile(r"(.+\..+)\.\d\d")
"""An execId's last part counts corrections of the same fill (IBKR, execDetails)."""


class Fills:
    """Lives on the loop."""

    def __init__(self, gateway: str, account: str, sink: TradingSink, clock: Clock) -> None:
        self._gateway = gateway
        self._account = account
        self._sink = sink
        self._clock = clock
        self._costs: dict[str, tuple[float, str]] = {}
        self._waiting: dict[str, tuple[Trade, asyncio.TimerHandle]] = {}

    def executed(self, instrument: Instrument, execution: Execution) -> None:
        """A fill came by itself."""
        trade = self.trade(instrument, execution)
        if trade.commission is not None:
            self._sink.venue(trade)
            return
        timer = asyncio.get_running_loop().call_later(PATIENCE, self._tell, execution.execId)
        self._waiting[execution.execId] = (trade, timer)

    def cost(self, report: CommissionReport) -> None:
        """What one cost."""
        commission = known(report.commission)
        if commission is None:
            return
        self._costs[report.execId] = (commission, report.currency)
        if len(self._costs) > MANY:
            del self._costs[next(iter(self._costs))]
        self._tell(report.execId)

    def flush(self) -> None:
        """Tell what waits."""
        for exec_id in list(self._waiting):
            self._tell(exec_id)

    def trade(self, instrument: Instrument, execution: Execution) -> Trade:
        """As far as it is known. It has no trading day: IB's numbers are unique for ever, and orders live for weeks."""
        correction = _CORRECTION.fullmatch(execution.execId)
        return self._priced(
            Trade(
                gateway=self._gateway,
                account=self._account,
                symbol=instrument.symbol,
                exchange=instrument.exchange,
                tradeid=correction.group(1) if correction else execution.execId,
                client_order_id=execution.orderRef,
                direction=direction_of(execution.side),
                offset=Offset.NONE,
                price=execution.price,
                volume=exact(execution.shares),
                datetime=from_datetime(execution.time),
                received=self._clock.now(),
                venue_id=str(execution.permId or ""),
                ext={"exec_id": execution.execId},
            ),
            execution.execId,
        )

    def _priced(self, trade: Trade, exec_id: str) -> Trade:
        cost = self._costs.get(exec_id)
        if cost is None:
            return trade
        return structs.replace(trade, commission=cost[0], ext={"exec_id": exec_id, "commission_currency": cost[1]})

    def _tell(self, exec_id: str) -> None:
        waiting = self._waiting.pop(exec_id, None)
        if waiting is not None:
            trade, timer = waiting
            timer.cancel()
            self._sink.venue(self._priced(trade, exec_id))
