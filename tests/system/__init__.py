"""Whole systems for tests: a simulated counter, a real nats-server, real workers, and what they said when one fails."""

from tests.system.config import SETTING, write_config
from tests.system.kind import EVERY, IB, KINDS, Kind, symbol
from tests.system.lab import Lab
from tests.system.nats import NatsServer, free_port
from tests.system.poll import eventually
from tests.system.process import Process, alive, descendants
from tests.system.recorder import Recorder
from tests.system.span import Span
from tests.system.system import System
from tests.system.trading_line import TradingLine
from tests.system.tws import Tws

__all__ = [
    "EVERY",
    "IB",
    "KINDS",
    "SETTING",
    "Kind",
    "Lab",
    "NatsServer",
    "Process",
    "Recorder",
    "Span",
    "System",
    "TradingLine",
    "Tws",
    "alive",
    "descendants",
    "eventually",
    "free_port",
    "symbol",
    "write_config",
]
