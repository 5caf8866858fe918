"""Market data and trading on one bus. `import marketbus` is light: what you use is loaded when you use it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marketbus.client.bus import Bus, connect
    from marketbus.client.calendar import Calendar
    from marketbus.client.frame import to_frame
    from marketbus.client.gap import Gap, GapCause
    from marketbus.client.sync import SyncBus, connect_sync
    from marketbus.domain.contract import Contract
    from marketbus.domain.errors import (
        AmbiguousGateway,
        BadPayload,
        BadRequest,
        BusUnavailable,
        ConfigError,
        GatewayError,
        MarketBusError,
        NotPermitted,
        NotSupported,
        SymbolError,
        UnknownGateway,
        UnknownInstrument,
    )
    from marketbus.domain.instrument import Exchange, Instrument
    from marketbus.domain.market_calendar import Edge, Phase, SessionEvent, TradingSession
    from marketbus.domain.status import GatewayStatus
    from marketbus.domain.tick import Tick, TickFlag

_HOMES = {
    "client.bus": ("Bus", "connect"),
    "client.calendar": ("Calendar",),
    "client.frame": ("to_frame",),
    "client.gap": ("Gap", "GapCause"),
    "client.sync": ("SyncBus", "connect_sync"),
    "domain.contract": ("Contract",),
    "domain.errors": (
        "AmbiguousGateway", "BadPayload", "BadRequest", "BusUnavailable", "ConfigError", "GatewayError",
        "MarketBusError", "NotPermitted", "NotSupported", "SymbolError", "UnknownGateway", "UnknownInstrument",
    ),
    "domain.instrument": ("Exchange", "Instrument"),
    "domain.market_calendar": ("Edge", "Phase", "SessionEvent", "TradingSession"),
    "domain.status": ("GatewayStatus",),
    "domain.tick": ("Tick", "TickFlag"),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AmbiguousGateway",
    "BadPayload",
    "BadRequest",
    "Bus",
    "BusUnavailable",
    "Calendar",
    "ConfigError",
    "Contract",
    "Edge",
    "Exchange",
    "Gap",
    "GapCause",
    "GatewayError",
    "GatewayStatus",
    "Instrument",
    "MarketBusError",
    "NotPermitted",
    "NotSupported",
    "Phase",
    "SessionEvent",
    "SymbolError",
    "SyncBus",
    "Tick",
    "TickFlag",
    "TradingSession",
    "UnknownGateway",
    "UnknownInstrument",
    "connect",
    "connect_sync",
    "to_frame",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'marketbus' has no attribute {name!r}")
    value = getattr(import_module(f"marketbus.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
