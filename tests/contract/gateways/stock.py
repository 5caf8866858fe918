"""The generic host with vnpy's own gateways, their libraries replaced by the simulated ones through the loader."""

from collections.abc import Mapping
from typing import Any

from marketbus.lab.ctp_family import build
from marketbus.ports.gateway import Capability
from tests.contract.gateways.counter import CounterVenue
from tests.contract.registration import Registration
from tests.system import KINDS, Kind

CLASSES = {"ctp": "vnpy_ctp:CtpGateway", "sopt": "vnpy_sopt:SoptGateway"}


class StockVenue(CounterVenue):
    """The same counter, another gateway."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        folder = build.library_dir(kind.dialect)
        names = kind.dialect.libraries.values()
        self.environment: Mapping[str, str] = {"LD_PRELOAD": ":".join(str(folder / name) for name in names)}

    def section(self, *, trading_login: bool = True) -> dict[str, Any]:
        """vnpy's class, both fronts."""
        assert trading_login, "the stock gateways have no market data without a trading login"
        own = super().section()
        return {"kind": "vnpy", "class": CLASSES[own["kind"]], "setting": own["setting"]}


class PythonVenue(StockVenue):
    """The same, its ticks through Python though the accelerator is there."""

    def section(self, *, trading_login: bool = True) -> dict[str, Any]:
        """As StockVenue."""
        return super().section(trading_login=trading_login) | {"native": False}


def _registration(kind: Kind, other: str, stranger: str) -> Registration:
    return Registration(
        name=f"vnpy_{kind.name}",
        kind="vnpy",
        capabilities=frozenset({Capability.MARKET_DATA, Capability.CONTRACTS}),
        simulated=False,
        symbols=(kind.one, other),
        stranger=stranger,
        start=lambda: StockVenue(kind),
    )


VNPY_CTP = _registration(KINDS[0], "IF2612.CFFEX", "zz9999.SHFE")
VNPY_SOPT = _registration(KINDS[1], "90006739.SZSE", "99999999.SSE")
VNPY_CTP_IN_PYTHON = VNPY_CTP._replace(name="vnpy_ctp-python", start=lambda: PythonVenue(KINDS[0]))
