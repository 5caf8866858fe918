"""The venue side: what a gateway offers, and what it says back. Domain types only."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from marketbus.domain.contract import Contract
from marketbus.domain.instrument import Instrument, Pattern
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.message import Bilingual
from marketbus.domain.schedule import Schedule
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.domain.tick import Tick
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.log import Fact
from marketbus.ports.trading import TradingSink


class Capability(StrEnum):
    """What a gateway declares it can do; an undeclared call answers NotSupported."""

    MARKET_DATA = "market_data"
    TRADING = "trading"
    UNSUBSCRIBE = "unsubscribe"
    CONTRACTS = "contracts"
    MARKET_DATA_ONLY = "market_data_only"
    """Market data works without a trading login."""
    ANSWERED_SUBSCRIPTIONS = "answered_subscriptions"
    """The venue itself answers every subscription, also one that it has already: a way to ask whether it is there."""
    SESSIONS = "sessions"
    """Says when a session is lost, waits or is refused for good, and when it is back."""
    LISTS_ON_REQUEST = "lists_on_request"
    """Lists the contracts that it is asked for, see `ListsOnRequest`: no client wants all that the venue has."""
    HISTORY = "history"
    """Answers for bars and ticks of the past, see `ports.history.HistorySource`."""
    MODIFY_ORDERS = "modify_orders"
    """Changes price and volume of an order that stands, see `ports.trading.ModifiesOrders`."""
    WHAT_IF = "what_if"
    """Says what an order would cost, see `ports.trading.PreviewsOrders`."""
    BRACKETS = "brackets"
    """Takes an entry with a take-profit and a stop-loss order, see `ports.trading.SendsBrackets`."""


class SessionChanged(msgspec.Struct, frozen=True, tag=True):
    """A session entered a state."""

    channel: Channel
    state: SessionState
    front: str = ""
    code: int | None = None
    message: str = ""
    """The venue's words."""
    hint: Bilingual | None = None
    """What is known about them."""
    trading_day: int = 0


class ContractsListed(msgspec.Struct, frozen=True, tag=True):
    """Some contracts; `complete` with the last of a query."""

    contracts: tuple[Contract, ...]
    complete: bool


class SubscriptionAnswered(msgspec.Struct, frozen=True, tag=True):
    """The venue's answer to one subscription; `ok` False carries its error."""

    instrument: Instrument
    ok: bool
    code: int | None = None
    message: str = ""


class Logged(msgspec.Struct, frozen=True, tag=True):
    """Something an operator should read; `code` is one of domain.message."""

    level: Level
    code: str
    fields: Mapping[str, Fact] = {}


class GatewayDied(msgspec.Struct, frozen=True, tag=True):
    """The SDK is beyond repair in this process (a call that never returned): the worker must be replaced."""

    call: str
    seconds: float


class Replace(msgspec.Struct, frozen=True, tag=True):
    """The gateway asks for a fresh process: what it must change cannot be changed in this one."""

    reason: str
    """One word or two, such as `next front`."""


GatewayEvent = SessionChanged | ContractsListed | SubscriptionAnswered | Logged | GatewayDied | Replace


class GatewaySink(Protocol):
    """Where a gateway puts what it hears. Every method may be called from any thread and never blocks."""

    def tick(self, tick: Tick) -> None:
        """Take one tick, not yet numbered; ownership passes."""
        ...

    def reject(self, cause: str, symbol: str, detail: str) -> None:
        """Count a raw tick that could not become a Tick."""
        ...

    def event(self, event: GatewayEvent) -> None:
        """Take anything that is not a tick; kept in order, never dropped."""
        ...


class Gateway(Protocol):
    """One venue line in this process. Used once: a fresh login is a fresh process."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        ...

    @property
    def sdk(self) -> str:
        """The SDK loaded and its version."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether the venue is a simulated one."""
        ...

    @property
    def market_clock(self) -> MarketClock:
        """The market's time: the real one, or the simulated venue's."""
        ...

    async def connect(self) -> None:
        """Begin; returns at once, the sessions' progress comes through the sink."""
        ...

    async def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for market data; answers come through the sink."""
        ...

    async def unsubscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for no more. Raises NotSupported where undeclared."""
        ...

    def condemn_front(self, channel: Channel) -> None:
        """The watchdog found the session mute: the next process shall begin with the next front, where there is one."""
        ...

    def begin_anew(self, *, pardon: bool) -> None:
        """This process will be replaced on purpose: the next one begins with the first front.

        `pardon`: an operator asked for it, so a login that was refused for good may be tried again.
        """
        ...

    async def close(self) -> None:
        """Let go of what can be let go of safely; the process ends right after."""
        ...


class Unlisted(msgspec.Struct, frozen=True):
    """What nothing fits, or not one thing alone."""

    pattern: Pattern
    candidates: tuple[str, ...]
    """Names that exist and may be meant."""
    message: str
    """The venue's words."""


class Found(msgspec.Struct, frozen=True):
    """What the venue says of the patterns it was asked for."""

    contracts: tuple[Contract, ...]
    unlisted: tuple[Unlisted, ...]


@runtime_checkable
class ListsOnRequest(Protocol):
    """A gateway that declares LISTS_ON_REQUEST."""

    async def look_up(self, patterns: Sequence[Pattern]) -> Found:
        """Ask the venue for the contracts that the patterns take, while market data is READY.

        Raises:
            GatewayError: it did not answer; ask again later.
        """
        ...


class GatewaySpec(msgspec.Struct, frozen=True):
    """The configuration of one gateway, secrets resolved."""

    name: str
    kind: str
    sdk: str
    """`vendor` or `lab`"""
    setting: Mapping[str, Any]
    trading: bool = False
    native: bool = False
    """Whether ticks go past Python, where the kind has a way and all of it is known."""
    account: str = ""
    """The alias of the trading account: what orders, trades, positions and funds are told under."""
    class_path: str = ""
    """`package:Class`, for kind `vnpy`."""
    connect_timeout: float = 8.0
    """Seconds without an answer of a front before it is reported."""
    call_timeout: float = 10.0
    """Seconds before an SDK call counts as hung."""
    login_timeout: float = 8.0
    """Seconds without an answer to a login, or to a query that follows it, before it is reported and tried again."""
    login_retry: float = 10.0
    """Seconds, more or less by chance, between two logins while the counter is not open yet; longer at night."""


class GatewayContext(msgspec.Struct, frozen=True):
    """What a gateway is given to work with."""

    sink: GatewaySink
    clock: Clock
    market: MarketCalendar
    """Trading days and hours."""
    folder: Path
    """Private folder of this gateway for SDK flow files."""
    lab_library: Path | None
    """Where the simulated SDK libraries are, when `sdk = "lab"`."""
    contracts: tuple[Contract, ...] = ()
    """As the venue listed them last time; good until it lists them again."""
    schedule: Schedule = Schedule.ALWAYS
    """When the line must be there."""
    epoch: int = 0
    """Incarnation of this worker."""
    native_sink: object | None = None
    """Where native code puts ticks: the capsule of marketbus_native's core/sink.hpp; None without the accelerator."""
    trading: TradingSink | None = None
    """Where the trading side speaks to; there when `GatewaySpec.trading`."""


class Probe(msgspec.Struct, frozen=True):
    """One thing that `marketbus check` found: ok, or what to do."""

    what: str
    ok: bool
    detail: str


class GatewayPlugin(Protocol):
    """What an entry point of `marketbus.gateways` names. Importing it loads no SDK."""

    @property
    def kind(self) -> str:
        """The word in the configuration."""
        ...

    @property
    def schedule(self) -> Schedule:
        """When a line of this kind is logged in afresh, unless the configuration says otherwise."""
        ...

    def validate(self, spec: GatewaySpec) -> None:
        """Check the settings without connecting.

        Raises:
            ConfigError: names the key and what to do.
        """
        ...

    def fronts(self, spec: GatewaySpec) -> Sequence[tuple[str, str, int]]:
        """What `check` should reach: (label, host, port)."""
        ...

    def modules(self, spec: GatewaySpec) -> Sequence[str]:
        """Modules that must be importable."""
        ...

    def build(self, spec: GatewaySpec, context: GatewayContext) -> Gateway:
        """Load the SDK and make the gateway. Called once per process, in the worker's main thread."""
        ...


@runtime_checkable
class TakesTicksPastPython(Protocol):
    """A plugin whose gateways may number their ticks themselves, see ports.ticks."""

    def ticks_path(self, spec: GatewaySpec) -> str:
        """Who will translate its ticks, without loading the SDK: `native`, or `python` and why.

        Raises:
            GatewayError: the SDK is not installed.
        """
        ...
