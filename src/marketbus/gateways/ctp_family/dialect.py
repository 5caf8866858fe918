"""What one member of the CTP family has of its own; everything else in this folder is shared."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from marketbus.domain.contract import Product
from marketbus.domain.instrument import Exchange
from marketbus.domain.order_terms import HedgeFlag
from marketbus.domain.schedule import Schedule

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.native_api import Native


class OptionNames(msgspec.Struct, frozen=True):
    """What an option's record says of its chain."""

    portfolio: str
    """The option product that the chain belongs to."""
    underlying: str | None
    index: str
    """The strike, and what tells an adjusted contract from an ordinary one."""


class DirectFacts(msgspec.Struct, frozen=True):
    """The native libraries that ticks may be taken from past Python, see `direct/`."""

    factory: str
    """The mangled name of the market data API's `CreateFtdcMdApi`."""
    versions: frozenset[str]
    """What GetApiVersion answers."""
    libraries: frozenset[str]
    """SHA-256 of the market data library's file."""
    headers: str
    """The release of vnpy's package whose headers have the same layouts."""
    defines: tuple[str, ...] = ()
    """For the compiler."""


class Dialect(msgspec.Struct, frozen=True):
    """One member: kind of gateway, Python package, native libraries, and the quirks of its records."""

    kind: str
    """The word in the configuration; also the extra that installs the package."""
    package: str
    """vnpy's package, which carries the native libraries in `api/`."""
    md_library: str
    td_library: str
    version_symbol: str
    """The mangled name of the market data API's static `const char *GetApiVersion()`."""
    environments: bool
    """Whether 柜台环境 (实盘 | 测试) is one of the settings."""
    products: Mapping[str, Product]
    """ProductClass → ours; a class that is missing here is not listed."""
    option_names: Callable[[Mapping[str, Any]], OptionNames]
    average_divisor: Callable[[Exchange, float | None], float | None]
    """What AveragePrice has to be divided by to be a price, of the exchange and the multiplier; None: none can tell."""
    native: "Callable[[], Native]"
    """Imports the SDK's classes; called once the library is chosen."""
    hedges: Mapping[HedgeFlag, str]
    """Ours → CombHedgeFlag."""
    symbol_bytes: int
    """The longest InstrumentID: the SDK copies strings without bounds."""
    schedule: Schedule = Schedule.CN_FUTURES
    """When a line is logged in afresh, unless the configuration says otherwise."""
    direct: DirectFacts | None = None
    """None: ticks always go through Python."""
