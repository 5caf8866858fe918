"""Buys one lot, sells it again: an ordinary strategy of vnpy_ctastrategy, which knows nothing of the bus."""

from vnpy_ctastrategy import CtaTemplate, OrderData, StopOrder, TickData, TradeData


class OneLotStrategy(CtaTemplate):
    """Opens a lot at the market's price; once it is filled, closes it."""

    author = "marketbus"
    slippage = 5
    """Price ticks that it pays to be filled at once."""
    trades = 0

    parameters = ["slippage"]
    variables = ["trades"]

    def on_init(self) -> None:
        """Nothing to load: it needs no history."""
        self.write_log("策略初始化")

    def on_start(self) -> None:
        """Wait for the first tick."""
        self.write_log("策略启动")
        self.opened = False
        self.closing = False

    def on_stop(self) -> None:
        """Nothing to do: vnpy cancels what is open."""
        self.write_log("策略停止")

    def on_tick(self, tick: TickData) -> None:
        """Open once; close what is held, at any price that is sure to be filled."""
        if not self.trading or not tick.ask_price_1 or not tick.bid_price_1:
            return
        step = self.get_pricetick() * self.slippage
        if not self.opened:
            self.opened = True
            self.buy(tick.ask_price_1 + step, 1)
        elif self.pos > 0 and not self.closing:
            self.closing = True
            self.sell(tick.bid_price_1 - step, 1)

    def on_order(self, order: OrderData) -> None:
        """Say how it stands."""
        self.write_log(f"委托 {order.direction.value}{order.offset.value} {order.status.value}")

    def on_trade(self, trade: TradeData) -> None:
        """Count."""
        self.trades += 1
        self.write_log(f"成交 {trade.direction.value}{trade.offset.value} {trade.volume}@{trade.price}")
        self.put_event()

    def on_stop_order(self, stop_order: StopOrder) -> None:
        """It uses none."""
