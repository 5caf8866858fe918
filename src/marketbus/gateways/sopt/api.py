"""vnpy_sopt's classes with our callbacks in them. Importing this loads the SDK."""

from vnpy_sopt.gateway.sopt_gateway import SoptGateway, SoptMdApi, SoptTdApi

from marketbus.gateways.ctp_family.md_api import MarketDataApi
from marketbus.gateways.ctp_family.native_api import Native
from marketbus.gateways.ctp_family.td_api import TraderApi


class SoptMarketDataApi(MarketDataApi, SoptMdApi):
    """The market data session."""

    def create(self, flow: bytes) -> None:
        """Where its flow files go; one library serves every environment."""
        self.createFtdcMdApi(flow)


class SoptTraderApi(TraderApi, SoptTdApi):
    """The trading session."""

    def create(self, flow: bytes) -> None:
        """As SoptMarketDataApi."""
        self.createFtdcTraderApi(flow)


NATIVE = Native(SoptGateway, SoptMarketDataApi, SoptTraderApi)
