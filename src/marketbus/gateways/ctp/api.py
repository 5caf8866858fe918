"""vnpy_ctp's classes with our callbacks in them. Importing this loads the SDK."""

from vnpy_ctp.gateway.ctp_gateway import CtpGateway, CtpMdApi, CtpTdApi

from marketbus.gateways.ctp_family.md_api import MarketDataApi
from marketbus.gateways.ctp_family.native_api import Native
from marketbus.gateways.ctp_family.td_api import TraderApi


class CtpMarketDataApi(MarketDataApi, CtpMdApi):
    """CTP's market data session."""

    def create(self, flow: bytes) -> None:
        """Since 6.7.11 the counter's environment is an argument."""
        self.createFtdcMdApi(flow, self.setting.production)


class CtpTraderApi(TraderApi, CtpTdApi):
    """CTP's trading session."""

    def create(self, flow: bytes) -> None:
        """As CtpMarketDataApi."""
        self.createFtdcTraderApi(flow, self.setting.production)


NATIVE = Native(CtpGateway, CtpMarketDataApi, CtpTraderApi)
