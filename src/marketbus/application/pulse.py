"""Everything that is measured in a worker, at one moment."""

from collections.abc import Callable

from marketbus.application.host import GatewayHost
from marketbus.application.reporting import Reporter
from marketbus.domain.instrument import product_code
from marketbus.domain.market_calendar import MarketCalendar, Phase
from marketbus.domain.vitals import MarketDataVitals, ProcessVitals, TradingVitals, Vitals
from marketbus.ports.gateway import Gateway
from marketbus.ports.publisher import BusLink, TickPublisher


class Pulse:
    """Built once per worker; `take` is called each second."""

    def __init__(
        self,
        host: GatewayHost,
        gateway: Gateway,
        reporter: Reporter,
        market: MarketCalendar,
        *,
        ticks: TickPublisher,
        bus: BusLink,
        process: Callable[[], ProcessVitals],
        trading: Callable[[], TradingVitals] | None = None,
    ) -> None:
        self._host = host
        self._gateway = gateway
        self._reporter = reporter
        self._market = market
        self._ticks = ticks
        self._bus = bus
        self._process = process
        self._trading = trading

    def take(self) -> Vitals:
        """The figures now."""
        host = self._host
        market_now = self._gateway.market_clock.now()
        return Vitals(
            status=self._reporter.status(),
            market_open=self._is_open(market_now),
            bus_connected=self._bus.connected,
            bus_reconnects=self._bus.reconnects,
            process=self._process(),
            market_data=MarketDataVitals(
                from_venue=host.market_data.from_venue(),
                to_bus=self._ticks.to_bus(),
                to_client=host.listeners.delay.now(),
                client_gaps=dict(host.listeners.gaps),
                client_missed=host.listeners.missed,
            ),
            trading=None if self._trading is None else self._trading(),
        )

    def _is_open(self, now: int) -> bool:
        """Where no hours are known the market may be open at any time."""
        requested = self._host.subscriptions.requested
        products = {(each.exchange, product_code(each.symbol)) for each in requested}
        return any(self._market.phase(*product, now) not in (Phase.CLOSED, Phase.AUCTION) for product in products)
