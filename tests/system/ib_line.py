"""A line to a simulated TWS in this process: the gateway on the test's loop, TWS in a thread."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from marketbus.adapters.clock import SystemClock
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import Exchange, Instrument, Pattern, parse_instrument
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.tick import Tick
from marketbus.domain.trading_hours import TradingHours
from marketbus.gateways.ib.gateway import IbGateway
from marketbus.gateways.ib.setting import parse
from marketbus.gateways.ib.trading_gateway import TradingIbGateway
from marketbus.ports.gateway import (
    GatewayContext,
    GatewayEvent,
    GatewaySpec,
    Logged,
    SessionChanged,
    SubscriptionAnswered,
)
from marketbus.ports.trading import VenueEvent
from tests.system.poll import eventually
from tests.system.tws import Tws


class Heard:
    """What the line said, to the host and to the desk."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.rejects: list[tuple[str, str]] = []
        self.events: list[GatewayEvent] = []
        self.venue_events: list[VenueEvent] = []
        self.days: list[int] = []
        self.losses = 0

    def tick(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def reject(self, cause: str, symbol: str, detail: str) -> None:
        self.rejects.append((cause, symbol))

    def event(self, event: GatewayEvent) -> None:
        self.events.append(event)

    def venue(self, event: VenueEvent) -> None:
        self.venue_events.append(event)

    def trading_ready(self, trading_day: int) -> None:
        self.days.append(trading_day)

    def trading_lost(self) -> None:
        self.losses += 1


class IbLine:
    """One gateway. `subscribe` asks as the host would, after each login."""

    def __init__(self, tws: Tws, gateway: IbGateway, heard: Heard) -> None:
        self.tws = tws
        self.gateway = gateway
        self.heard = heard

    @property
    def trading(self) -> TradingIbGateway:
        assert isinstance(self.gateway, TradingIbGateway)
        return self.gateway

    def states(self, channel: Channel = Channel.MD) -> list[SessionState]:
        """What a session went through, each state once in a row."""
        told = [
            each.state for each in self.heard.events if isinstance(each, SessionChanged) and each.channel is channel
        ]
        return [state for at, state in enumerate(told) if not at or told[at - 1] is not state]

    def last(self) -> SessionChanged:
        """The newest word on market data."""
        told = [each for each in self.heard.events if isinstance(each, SessionChanged) and each.channel is Channel.MD]
        return told[-1] if told else SessionChanged(Channel.MD, SessionState.DISCONNECTED)

    def logged(self, code: str) -> list[Logged]:
        """Sentences of one kind."""
        return [each for each in self.heard.events if isinstance(each, Logged) and each.code == code]

    def answers(self) -> dict[Instrument, SubscriptionAnswered]:
        """The newest answer for each instrument."""
        return {each.instrument: each for each in self.heard.events if isinstance(each, SubscriptionAnswered)}

    def of(self, vt_symbol: str) -> list[Tick]:
        """Ticks of one instrument."""
        return [tick for tick in self.heard.ticks if tick.vt_symbol == vt_symbol]

    async def until(self, state: SessionState, within: float = 10.0) -> SessionChanged:
        """The word that market data are in this state."""
        await eventually(lambda: self.last().state is state, f"{state}; it went {self.states()}", within)
        return self.last()

    async def subscribe(self, *vt_symbols: str) -> Sequence[Instrument]:
        """Look up and ask for market data, until each is answered."""
        instruments = [parse_instrument(each) for each in vt_symbols]
        before = len(self.heard.events)
        await self.gateway.look_up([Pattern(each) for each in vt_symbols])
        await self.gateway.subscribe(instruments)

        def answered() -> bool:
            told = {e.instrument for e in self.heard.events[before:] if isinstance(e, SubscriptionAnswered)}
            return set(instruments) <= told

        await eventually(answered, f"answers for {vt_symbols}")
        return instruments

    def lines(self) -> int:
        """Market data lines that TWS counts for us."""
        return self.tws.call(lambda lab: sum(lab.market.lines(each) for each in lab.clients.values()))


@asynccontextmanager
async def ib_line(
    tws: Tws, *, trading: bool = False, client_id: int = 7, ready: bool = True, contracts: Any = (), **setting: Any
) -> AsyncGenerator[IbLine]:
    """A gateway that is READY."""
    heard, clock = Heard(), SystemClock()
    keys = {"port": tws.port, "client_id": client_id} | setting
    spec = GatewaySpec(
        "ib",
        "ib",
        "lab",
        keys,
        trading=trading,
        account="main",
        connect_timeout=1.0,
        login_timeout=2.0,
        login_retry=0.1,
    )
    context = GatewayContext(
        sink=heard,
        clock=clock,
        market=MarketCalendar(TradingCalendar(lambda _: False), TradingHours(())),
        folder=Path(),
        lab_library=None,
        contracts=tuple(contracts),
        trading=heard if trading else None,
    )
    make: Callable[..., IbGateway] = TradingIbGateway if trading else IbGateway
    line = IbLine(tws, make(spec, parse("ib", keys), context), heard)
    loop, unforeseen = asyncio.get_running_loop(), list[object]()
    loop.set_exception_handler(lambda _, context: unforeseen.append(context))
    running = asyncio.create_task(line.gateway.connect())
    try:
        if ready:
            await line.until(SessionState.READY)
        yield line
    finally:
        running.cancel()
        await asyncio.wait({running})
        loop.set_exception_handler(None)
    assert not unforeseen, unforeseen
    assert running.cancelled() or running.exception() is None, running


def limit_order(venue_ref: str, price: float, name: str = "mine", **more: Any) -> Order:
    """One share of Apple, as the desk would send it."""
    order = Order(
        gateway="ib", account="main", symbol="AAPL-USD-STK", exchange=Exchange.SMART, client_order_id=name,
        direction=Direction.LONG, offset=Offset.NONE, type=OrderType.LIMIT, price=price, volume=1.0,
        venue_ref=venue_ref,
    )  # fmt: skip
    return replace(order, **more)
