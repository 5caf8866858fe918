"""Market data and trading on one bus. `import marketbus` is light: what you use is loaded when you use it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marketbus.client.bus import Bus, connect
    from marketbus.client.calendar import Calendar
    from marketbus.client.frame import to_frame
    from marketbus.client.gap import Gap, GapCause
    from marketbus.client.sync import SyncBus, connect_sync
    from marketbus.client.trading.calls import Desk
    from marketbus.client.trading.handle import Bracket, OrderHandle
    from marketbus.domain.account import Account
    from marketbus.domain.bar import Bar, Interval
    from marketbus.domain.contract import Contract
    from marketbus.domain.errors import (
        AmbiguousAccount,
        AmbiguousGateway,
        BadPayload,
        BadRequest,
        BusUnavailable,
        ConfigError,
        GatewayError,
        MarketBusError,
        ModifyRejected,
        NotPermitted,
        NotSent,
        NotSupported,
        OrderDenied,
        OrderRejected,
        OutcomeUnknown,
        SymbolError,
        UnknownGateway,
        UnknownInstrument,
        UnknownOrder,
    )
    from marketbus.domain.history import TickKind
    from marketbus.domain.instrument import Exchange, Instrument
    from marketbus.domain.market_calendar import Edge, Phase, SessionEvent, TradingSession
    from marketbus.domain.order import Order, OrderState
    from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
    from marketbus.domain.position import Position
    from marketbus.domain.preview import OrderPreview
    from marketbus.domain.status import GatewayStatus
    from marketbus.domain.tick import Tick, TickFlag
    from marketbus.domain.trade import Trade

_HOMES = {
    "client.bus": ("Bus", "connect"),
    "client.calendar": ("Calendar",),
    "client.frame": ("to_frame",),
    "client.gap": ("Gap", "GapCause"),
    "client.sync": ("SyncBus", "connect_sync"),
    "client.trading.calls": ("Desk",),
    "client.trading.handle": ("Bracket", "OrderHandle"),
    "domain.account": ("Account",),
    "domain.bar": ("Bar", "Interval"),
    "domain.contract": ("Contract",),
    "domain.errors": (
        "AmbiguousAccount", "AmbiguousGateway", "BadPayload", "BadRequest", "BusUnavailable", "ConfigError",
        "GatewayError", "MarketBusError", "ModifyRejected", "NotPermitted", "NotSent", "NotSupported", "OrderDenied",
        "OrderRejected", "OutcomeUnknown", "SymbolError", "UnknownGateway", "UnknownInstrument", "UnknownOrder",
    ),
    "domain.history": ("TickKind",),
    "domain.instrument": ("Exchange", "Instrument"),
    "domain.market_calendar": ("Edge", "Phase", "SessionEvent", "TradingSession"),
    "domain.order": ("Order", "OrderState"),
    "domain.order_terms": ("Direction", "HedgeFlag", "Offset", "OrderType"),
    "domain.position": ("Position",),
    "domain.preview": ("OrderPreview",),
    "domain.status": ("GatewayStatus",),
    "domain.tick": ("Tick", "TickFlag"),
    "domain.trade": ("Trade",),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Account",
    "AmbiguousAccount",
    "AmbiguousGateway",
    "BadPayload",
    "BadRequest",
    "Bar",
    "Bracket",
    "Bus",
    "BusUnavailable",
    "Calendar",
    "ConfigError",
    "Contract",
    "Desk",
    "Direction",
    "Edge",
    "Exchange",
    "Gap",
    "GapCause",
    "GatewayError",
    "GatewayStatus",
    "HedgeFlag",
    "Instrument",
    "Interval",
    "MarketBusError",
    "ModifyRejected",
    "NotPermitted",
    "NotSent",
    "NotSupported",
    "Offset",
    "Order",
    "OrderDenied",
    "OrderHandle",
    "OrderPreview",
    "OrderRejected",
    "OrderState",
    "OrderType",
    "OutcomeUnknown",
    "Phase",
    "Position",
    "SessionEvent",
    "SymbolError",
    "SyncBus",
    "Tick",
    "TickFlag",
    "TickKind",
    "Trade",
    "TradingSession",
    "UnknownGateway",
    "UnknownInstrument",
    "UnknownOrder",
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
