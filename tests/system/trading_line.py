"""A line that trades, in a process of its own and without an order desk: what the port says, and what it is told."""

import os
import sys
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from marketbus.apps import china_locale, worker_environment
from marketbus.domain.instrument import Instrument
from marketbus.domain.order import Order
from marketbus.domain.order_events import CancelRefused, OrderReport, Refused
from marketbus.domain.rates import Rates
from marketbus.domain.trade import Trade
from marketbus.lab.ctp_family import build
from marketbus.ports.gateway import GatewaySpec
from marketbus.ports.trading import VenueBooks, VenueEvent, VenueHoldings
from tests.system.kind import Kind
from tests.system.lab import Lab
from tests.system.poll import eventually
from tests.system.process import Process

T = TypeVar("T")
_WORDS: dict[str, type] = {kind.__name__: kind for kind in (OrderReport, Trade, Refused, CancelRefused)}


class Failed(Exception):
    """What the port raised there: its class and its words."""


class TradingLine:
    """The process of one line."""

    def __init__(self, kind: Kind, lab: Lab, folder: Path) -> None:
        china_locale.ensure()
        setting = kind.setting | {"交易服务器": lab.td, "行情服务器": lab.md}
        spec = GatewaySpec(
            "td", kind.name, "lab", setting, trading=True, account="main", login_timeout=3.0, connect_timeout=3.0
        )
        library = build.library_dir(kind.dialect)
        self._kind = kind
        self._folder = worker_environment.folder(folder, spec.name)
        self._commands = self._folder / "commands"
        os.mkfifo(self._commands)
        self.log = folder / "line.log"
        argv = (sys.executable, "-m", "tests.system.trading_process", msgspec.json.encode(spec).decode(), str(library))
        env = worker_environment.environment(base=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
        self._process = Process((*argv, str(self._commands)), self.log, env, self._folder)
        self._pipe = os.open(self._commands, os.O_RDWR)  # does not wait for the process to open its end
        self._asked = 0

    def stop(self) -> None:
        """Ends the process."""
        os.close(self._pipe)
        self._process.stop()

    # What it heard.

    def lines(self, word: str) -> list[Any]:
        """All that it said under a word."""
        text = self.log.read_text("utf-8", errors="replace")
        whole, _, _ = text.rpartition("\n")  # the last line may be on its way
        found = [line.removeprefix(f"@{word} ") for line in whole.split("\n") if line.startswith(f"@{word} ")]
        return [msgspec.json.decode(each) for each in found]

    @property
    def heard(self) -> list[VenueEvent]:
        """The venue's words, in order."""
        return [msgspec.convert(value, _WORDS[name]) for name, value in self.lines("venue")]

    @property
    def log_lines(self) -> list[str]:
        """What an operator reads, in Chinese."""
        return self.lines("log")

    def reports(self, ref: str) -> list[OrderReport]:
        """Of one order, as they were pushed."""
        return [each for each in self.heard if isinstance(each, OrderReport) and each.venue_ref == ref]

    def states(self, ref: str) -> list[str]:
        """What an order went through."""
        return [str(each.state) for each in self.reports(ref)]

    def trades(self, venue_id: str) -> list[Trade]:
        """Fills of one order."""
        return [each for each in self.heard if isinstance(each, Trade) and each.venue_id == venue_id]

    async def ready(self, times: int = 1) -> int:
        """The trading day, once it was ready so often."""
        await eventually(lambda: len(self.lines("ready")) >= times, f"a line ready {times} times", 30.0)
        return self.lines("ready")[-1]

    # The port.

    async def next_ref(self) -> str:
        """As the port."""
        return await self._ask("next_ref", str)

    async def send(self, order: Order) -> None:
        """As the port."""
        await self._ask("send", type(None), order)

    async def cancel(self, order: Order) -> None:
        """As the port."""
        await self._ask("cancel", type(None), order)

    async def books(self, *, twice: bool = False) -> VenueBooks:
        """As the port."""
        return await self._ask("books", VenueBooks, twice)

    async def holdings(self) -> VenueHoldings:
        """As the port."""
        return await self._ask("holdings", VenueHoldings)

    async def rates(self, *instruments: Instrument) -> dict[str, Rates]:
        """As the port, by vt_symbol."""
        return await self._ask("rates", dict[str, Rates], instruments)

    async def settlement(self, trading_day: int) -> str:
        """As the port."""
        return await self._ask("settlement", str, trading_day)

    async def _ask(self, what: str, kind: type[T], argument: object = None) -> T:
        self._asked += 1
        number = self._asked
        os.write(self._pipe, msgspec.json.encode((number, what, argument)) + b"\n")

        def answer() -> list[Any] | None:
            return next((each for each in self.lines("answer") if each[0] == number), None)

        _, fine, value = await eventually(answer, f"the answer to {what}", 30.0)
        if not fine:
            raise Failed(*value)
        return msgspec.convert(value, kind)
