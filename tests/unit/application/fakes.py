"""Stand-ins for the edges: what the application needs, a few lines each."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from marketbus.domain.contract import Contract, Product
from marketbus.domain.histogram import Distribution
from marketbus.domain.instrument import Instrument, parse_instrument
from marketbus.domain.session import Channel
from marketbus.domain.status import GatewayStatus, Latency, Level, LogRecord
from marketbus.domain.tick import Tick
from marketbus.ports.gateway import Capability
from marketbus.ports.log import Fact

HERE = Path(__file__).parent


class FakeClock:
    def __init__(self) -> None:
        self.ns = 1_700_000_000_000_000_000
        self.seconds = 100.0

    def now(self) -> int:
        return self.ns

    def monotonic(self) -> float:
        return self.seconds


class FakeLog:
    def __init__(self) -> None:
        self.codes: list[str] = []

    def log(self, level: Level, code: str, **fields: Fact) -> None:
        self.codes.append(code)


class FakeTicks:
    path = "python"

    def sink(self) -> None: ...

    def __init__(self) -> None:
        self.sent: list[Tick] = []
        self.refuse: Exception | None = None

    def tick(self, tick: Tick) -> None:
        if self.refuse:
            raise self.refuse
        self.sent.append(tick)

    def drops(self) -> Mapping[str, int]:
        return {"slow_bus": 2}

    def buffered(self) -> int:
        return 0

    def latency(self) -> Latency | None:
        return None

    def to_bus(self) -> Distribution:
        return Distribution()


class FakePublisher:
    def __init__(self) -> None:
        self.listed: list[Contract] = []
        self.statuses: list[GatewayStatus] = []

    async def contracts(self, contracts: list[Contract]) -> None:
        self.listed = contracts

    async def status(self, status: GatewayStatus) -> None:
        self.statuses.append(status)

    async def log(self, record: LogRecord) -> None: ...


class FakeState:
    def __init__(self) -> None:
        self.pins: Sequence[str] = ()
        self.contracts: Sequence[Contract] = ()

    def next_epoch(self, now: int) -> int:
        return now

    def load_pins(self) -> Sequence[str]:
        return self.pins

    def save_pins(self, pins: Sequence[str]) -> None:
        self.pins = pins

    def load_contracts(self) -> tuple[int, Sequence[Contract]]:
        return 1, self.contracts

    def save_contracts(self, contracts: Sequence[Contract], now: int) -> None:
        self.contracts = contracts


class FakeGateway:
    """Remembers what it is asked."""

    capabilities = frozenset({Capability.MARKET_DATA, Capability.UNSUBSCRIBE})
    sdk = "fake"
    simulated = False

    def __init__(self) -> None:
        self.market_clock = FakeClock()
        self.asked: list[tuple[str, list[str]]] = []
        self.connected = False

    async def connect(self) -> None:
        self.connected = True

    async def subscribe(self, instruments: Sequence[Instrument]) -> None:
        self.asked.append(("subscribe", [instrument.vt_symbol for instrument in instruments]))

    async def unsubscribe(self, instruments: Sequence[Instrument]) -> None:
        self.asked.append(("unsubscribe", [instrument.vt_symbol for instrument in instruments]))

    def condemn_front(self, channel: Channel) -> None:
        self.asked.append(("condemn_front", [channel]))

    def begin_anew(self, *, pardon: bool) -> None:
        self.asked.append(("begin_anew", ["pardon"] if pardon else []))

    async def close(self) -> None: ...


def contract(vt_symbol: str) -> Contract:
    symbol, exchange = parse_instrument(vt_symbol)
    return Contract("g", symbol, exchange, symbol, Product.FUTURES, 10, 1)


def tick(vt_symbol: str, volume: float = 0) -> Tick:
    symbol, exchange = parse_instrument(vt_symbol)
    return Tick("g", symbol, exchange, 1, 2, volume=volume)
