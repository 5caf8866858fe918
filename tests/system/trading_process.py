"""The process of a TradingLine: hosts the gateway, tells what it hears, does what it is asked."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, cast

import msgspec

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.hours import cn_hours
from marketbus.apps import plugins
from marketbus.apps.import_later import CHARTS, import_later
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.message import say
from marketbus.domain.order import Order
from marketbus.domain.tick import Tick
from marketbus.domain.trading_hours import TradingHours
from marketbus.ports.gateway import ContractsListed, GatewayContext, GatewayEvent, GatewaySpec, Logged
from marketbus.ports.trading import TradingGateway, VenueEvent


class _Sink:
    """Both sinks of the port."""

    def tick(self, tick: Tick) -> None: ...

    def reject(self, cause: str, symbol: str, detail: str) -> None:
        _say("reject", (cause, symbol, detail))

    def event(self, event: GatewayEvent) -> None:
        if isinstance(event, Logged):
            _say("log", say(event.code, "zh", event.fields))
        elif not isinstance(event, ContractsListed):
            _say("event", (type(event).__name__, msgspec.to_builtins(event)))

    def venue(self, event: VenueEvent) -> None:
        _say("venue", (type(event).__name__, event))

    def trading_ready(self, trading_day: int) -> None:
        _say("ready", trading_day)

    def trading_lost(self) -> None:
        _say("lost", True)


def _say(word: str, value: object) -> None:
    os.write(1, f"@{word} {msgspec.json.encode(value).decode()}\n".encode())


async def _run(spec: GatewaySpec, library: Path, commands: Path) -> None:
    """In the child."""
    sink = _Sink()
    market = MarketCalendar(TradingCalendar(lambda _: False), TradingHours(cn_hours()))
    context = GatewayContext(sink, SystemClock(), market, Path.cwd(), library, trading=sink)
    gateway = plugins.plugin(spec.kind).build(spec, context)
    running = asyncio.create_task(gateway.connect())
    port = cast("TradingGateway", gateway)
    pending: set[asyncio.Task[None]] = set()
    reader = asyncio.StreamReader()
    with commands.open() as pipe:
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        while (line := await reader.readline()) and not running.done():
            task = asyncio.create_task(_answer(port, *msgspec.json.decode(line)))
            pending.add(task)
            task.add_done_callback(pending.discard)
    os._exit(0)


async def _answer(port: TradingGateway, number: int, what: str, argument: Any) -> None:
    try:
        value: object = None
        if what == "next_ref":
            value = port.next_ref()
        elif what in ("send", "cancel"):
            await getattr(port, what)(msgspec.convert(argument, Order))
        elif what == "books":
            value = await port.books(twice=bool(argument))
        elif what == "holdings":
            value = await port.holdings()
        elif what == "rates":
            found = await port.rates([Instrument(symbol, Exchange(exchange)) for symbol, exchange in argument])
            value = {instrument.vt_symbol: rates for instrument, rates in found.items()}
        else:
            value = await port.settlement(argument)
    except Exception as error:  # noqa: BLE001 (told to the test)
        _say("answer", (number, False, (type(error).__name__, str(error))))
    else:
        _say("answer", (number, True, value))


if __name__ == "__main__":
    import_later(CHARTS)
    asyncio.run(_run(msgspec.json.decode(sys.argv[1], type=GatewaySpec), Path(sys.argv[2]), Path(sys.argv[3])))
