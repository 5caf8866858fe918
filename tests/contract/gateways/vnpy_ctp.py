"""The generic host with the stock vnpy_ctp gateway, its library replaced by the simulated one through the loader."""

from collections.abc import Mapping
from typing import Any

from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import build
from marketbus.ports.gateway import Capability
from tests.contract.gateways.counter import CounterVenue
from tests.contract.registration import Registration


class StockCtpVenue(CounterVenue):
    """The same counter, another gateway."""

    def __init__(self) -> None:
        super().__init__()
        folder = build.library_dir(CTP)
        self.environment: Mapping[str, str] = {
            "LD_PRELOAD": ":".join(str(folder / name) for name in CTP.libraries.values())
        }

    def section(self, *, trading_login: bool = True) -> dict[str, Any]:
        """vnpy's class, both fronts."""
        assert trading_login, "the stock gateway has no market data without a trading login"
        own = super().section()
        return {"kind": "vnpy", "class": "vnpy_ctp:CtpGateway", "setting": own["setting"]}


REGISTRATION = Registration(
    name="vnpy_ctp",
    kind="vnpy",
    capabilities=frozenset({Capability.MARKET_DATA, Capability.CONTRACTS}),
    simulated=False,
    symbols=("rb2701.SHFE", "IF2612.CFFEX"),
    stranger="zz9999.SHFE",
    start=StockCtpVenue,
)
