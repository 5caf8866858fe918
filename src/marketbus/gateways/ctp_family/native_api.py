"""vnpy's classes of the CTP family, as far as we use them: the packages' bindings carry no types.

The API classes here are for the type checker; at run time the packages' own take their place.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from vnpy.trader.gateway import BaseGateway

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.md_api import MarketDataApi
    from marketbus.gateways.ctp_family.td_api import TraderApi


class Native(NamedTuple):
    """One member's classes, our callbacks already in the APIs."""

    gateway: Callable[[Any, str], Any]
    """vnpy's gateway of an event engine and a name; it holds the APIs as `md_api` and `td_api`."""
    md: "type[MarketDataApi]"
    td: "type[TraderApi]"


class NativeApi:
    """What both APIs have."""

    gateway_name: str
    reqid: int

    def __init__(self, gateway: BaseGateway) -> None:
        self.gateway_name = gateway.gateway_name
        self.reqid = 0

    def registerFront(self, address: str) -> None:
        """Adds a front; before `init`."""
        raise NotImplementedError

    def init(self) -> None:
        """Starts the SDK's threads."""
        raise NotImplementedError

    def reqUserLogin(self, request: Mapping[str, Any], reqid: int) -> int:
        """0, or the SDK's reason for not sending."""
        raise NotImplementedError


class NativeMdApi(NativeApi):
    """The market data API."""

    def subscribeMarketData(self, symbol: str) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def unSubscribeMarketData(self, symbol: str) -> int:
        """As reqUserLogin."""
        raise NotImplementedError


class NativeTdApi(NativeApi):
    """The trading API."""

    def subscribePrivateTopic(self, mode: int) -> None:
        """Which part of the private flow to send again after a login."""
        raise NotImplementedError

    def subscribePublicTopic(self, mode: int) -> None:
        """As subscribePrivateTopic."""
        raise NotImplementedError

    def reqAuthenticate(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqSettlementInfoConfirm(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqQryInstrument(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqQryOrder(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqQryTrade(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqQryInvestorPosition(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqQryTradingAccount(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqQryInstrumentMarginRate(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqQryInstrumentCommissionRate(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqQrySettlementInfo(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqOrderInsert(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError

    def reqOrderAction(self, request: Mapping[str, Any], reqid: int) -> int:
        """As reqUserLogin."""
        raise NotImplementedError
