"""The simulated TWS: its socket, one market, one broker, and every way to make them fail."""

import asyncio
import logging
import time
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marketbus.lab import serving
from marketbus.lab.clock import LabClock
from marketbus.lab.control import ControlPort
from marketbus.lab.exchange import Exchange
from marketbus.lab.tws.broker import Broker
from marketbus.lab.tws.catalogue import Catalogue
from marketbus.lab.tws.contract import NEW_YORK
from marketbus.lab.tws.contracts import ContractDesk
from marketbus.lab.tws.control import COMMANDS
from marketbus.lab.tws.desk import Desk
from marketbus.lab.tws.faults import Action, Fault, Script
from marketbus.lab.tws.feed import Feed
from marketbus.lab.tws.front import Front
from marketbus.lab.tws.history import HistoryDesk
from marketbus.lab.tws.inquiries import InquiryDesk
from marketbus.lab.tws.market import MarketDesk
from marketbus.lab.tws.options import TwsOptions
from marketbus.lab.tws.orders import OrderDesk
from marketbus.lab.tws.outages import Outages
from marketbus.lab.tws.past import Past
from marketbus.lab.tws.portfolio import PortfolioDesk
from marketbus.lab.tws.session import Session
from marketbus.lab.tws.terminal import Terminal
from marketbus.lab.tws.venue import Venue

_LOG = logging.getLogger("marketbus.lab.tws")
_REFRESH_S = 180


class TwsLab:
    """A simulated TWS: `start`, `failed`, `stop`; its other public methods, those of `terminal` and of `outages` are
    the control commands.
    """

    def __init__(self, options: TwsOptions | None = None) -> None:
        self.options = options or TwsOptions()
        start = self.options.start or _default_start(datetime.now(ZoneInfo(NEW_YORK)).date())
        # Its market never closes: contract details tell the real hours, ticks and fills come at any time.
        self._clock = LabClock(_new_york(start), self.options.speed, closed_hours=True)
        today = self._clock.now().astimezone(ZoneInfo(NEW_YORK)).date()
        self.catalogue = Catalogue(today)
        self._exchange = Exchange(self.catalogue.listings, today, seed=self.options.seed, oracle=self.options.oracle)
        venue = Venue(self._exchange, self._clock, self.catalogue)
        self.broker = Broker(venue, self.options.accounts, self.options.money)
        self.feed = Feed(
            self._clock, self._exchange, self.catalogue, self.options.rate, self.broker.ticked, self.broker.awaited
        )
        self.clients: dict[int, Session] = {}
        self.orders = OrderDesk(self.catalogue, self.broker, self.clients)
        self.portfolio = PortfolioDesk(self.broker.accounts, self._clock.now)
        self.market = MarketDesk(self.catalogue, self.feed, self.options.lines)
        self.desk = Desk(self, self.orders, self.portfolio)
        self.broker.listener = self.desk
        contracts = ContractDesk(self.catalogue, self._clock.now)
        self.outages = Outages(self.clients, self.market, self.orders)
        past = Past(self.options.seed, self._clock.now_ns() // 1_000_000_000)
        self.history = HistoryDesk(
            self.catalogue, past, self.feed, self._clock.now, lambda: self.outages.history_broken
        )
        inquiries = InquiryDesk(self.broker, self.orders)
        desks = (self.desk, self.orders, inquiries, self.portfolio, self.market, contracts, self.history)
        self._handlers = {number: handler for desk in desks for number, handler in desk.handlers().items()}
        self.script = Script()
        self.terminal = Terminal(self.catalogue, self.orders)
        self._control = ControlPort(self.options.control_port, COMMANDS, self, self.terminal, self.outages)
        self.front = Front(self, self.script, self.options)
        self._tasks: list[asyncio.Task[None]] = []
        self.bad_requests: list[str] = []

    async def start(self) -> None:
        """Opens its ports and lets the market run."""
        await self.front.refuse(on=False)
        await self._control.open()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self.feed.run()), loop.create_task(self._keep_telling())]

    async def stop(self) -> None:
        """Cuts every connection and closes the ports."""
        await self._control.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.front.close()

    async def failed(self) -> None:
        """Returns never; raises what ended the market, should that happen."""
        await asyncio.gather(*self._tasks)

    @property
    def port(self) -> int:
        """Of the API."""
        return self.front.port

    @property
    def connections(self) -> int:
        """So far."""
        return self.front.connections

    @property
    def addresses(self) -> dict[str, Any]:
        """Where it listens: `tws` and `control` (host:port), its accounts."""
        return {
            "simulated": True,
            "label": "SIMULATED TWS: no real account, market or order",
            "tws": f"127.0.0.1:{self.port}",
            "control": f"127.0.0.1:{self._control.port}",
            "accounts": list(self.options.accounts),
        }

    # What sessions tell.

    def joined(self, session: Session) -> None:
        """A client said who it is."""
        if session.client_id in self.clients:
            words = "Unable to connect as the client id is already in use. Retry with a unique client id."
            session.error(-1, 326, words)
            session.close()
            return
        self.clients[session.client_id] = session
        _LOG.info("SIMULATED TWS: client %d, version %d", session.client_id, session.version)
        self.desk.greet(session)
        self.outages.greet(session)

    def left(self, session: Session) -> None:
        """A client is gone; its orders stay. It is there as long as something that it sent is on its way."""
        if session.on_the_way:
            return
        if self.clients.get(session.client_id) is session:
            del self.clients[session.client_id]
            self.market.forget(session)
            self.portfolio.forget(session)
            self.history.forget(session)

    def now_ns(self) -> int:
        """The market's time, Unix ns."""
        return self._clock.now_ns()

    def request(self, session: Session, body: bytes) -> None:
        """One request, unless a fault gets it."""
        if session.closed:
            return
        fault = session.fault(self.desk.name_of(body, self._handlers))
        action = fault.action if fault is not None else None
        if fault is not None and action is Action.DELAY:
            session.on_the_way += 1
            asyncio.get_running_loop().call_later(fault.ms / 1000, self._arrived, session, body)
            return
        if action is Action.DROP:
            return
        if action in {Action.CUT, Action.KILL, Action.KILL_AFTER}:
            session.muted = True
        self._handle(session, body)
        if action is Action.DUPLICATE:
            self._handle(session, body)
        session.struck(fault)

    def _arrived(self, session: Session, body: bytes) -> None:
        session.on_the_way -= 1
        self._handle(session, body)
        if session.closed:
            self.left(session)

    def _handle(self, session: Session, body: bytes) -> None:
        words = self.desk.handle(session, body, self._handlers)
        if words:
            _LOG.warning("SIMULATED TWS: %s", words)
            self.bad_requests.append(words)

    # Commands.

    def rate(self, rate: float) -> None:
        """Ticks a second over all subscribed contracts; 0 stops them."""
        self.feed.set_rate(rate)

    async def burst(self, count: int) -> dict[str, float]:
        """Sends `count` ticks as fast as they are taken; answers when they are: how many, in how many seconds."""
        begin = time.monotonic()
        sent = await self.feed.burst(count)
        return {"sent": sent, "seconds": time.monotonic() - begin}

    async def step(self, contract: str | int, count: int = 1) -> dict[str, Any]:
        """The next `count` ticks of one contract; answers the last: volume in lots, prices, best bid and ask."""
        tick = await self.feed.step(self.terminal.contract(contract), count)
        return {"volume": tick.volume, "last": tick.last, "bid": tick.bids[0], "ask": tick.asks[0]}

    def pause(self) -> None:
        """No paced ticks until `resume`; `burst` and `step` still work."""
        self.feed.paused = True

    def resume(self) -> None:
        """Paced ticks again."""
        self.feed.paused = False

    def oracle(self) -> dict[str, dict[str, object]]:
        """What was told, by conId: see Feed.oracle."""
        return self.feed.oracle()

    def permission(self, contract: str | int, *, on: bool) -> None:
        """Whether the live data of a contract are subscribed."""
        self.market.permissions[self.terminal.contract(contract).con_id] = on

    def clock(
        self, *, start: datetime | None = None, step: float | None = None, speed: float | None = None
    ) -> dict[str, Any]:
        """Sets the market's time (New York when naive), steps it by seconds, or changes its speed; answers the time."""
        if speed is not None:
            self._clock.set_speed(speed)
        if start is not None:
            self._clock.set(_new_york(start))
        if step is not None:
            self._clock.set(self._clock.now() + timedelta(seconds=step))
        return {"now": self._clock.now().astimezone(ZoneInfo(NEW_YORK)).isoformat(), "speed": self._clock.segment.rate}

    def drop(self, client: int | None = None) -> int:
        """Cuts the connection of one client or all; returns how many."""
        return self.front.drop(client)

    def mute(self, *, on: bool = True, client: int | None = None, contract: str | int | None = None) -> None:
        """Says nothing to one client or all, the next ones too; or one contract gives no more ticks."""
        if contract is not None:
            self.feed.silence(self.terminal.contract(contract), on=on)
        else:
            self.front.mute(on=on, client=client)

    def delay(self, ms: float, client: int | None = None) -> None:
        """Takes requests that much later (ticks are not delayed)."""
        self.front.delay(ms, client)

    async def refuse(self, *, on: bool = True) -> None:
        """Stops listening, or listens again on the same port. Connections stay: see `drop`."""
        await self.front.refuse(on=on)

    def fault(
        self, step: str, action: str, count: int = 1, skip: int = 0, ms: float = 0.0, client: int | None = None
    ) -> None:
        """See Fault and Action."""
        self.script.faults.append(Fault(step, Action(action), count, skip, ms, client))

    def heal(self) -> int:
        """No more faults: how often they hit."""
        hits = sum(fault.hits for fault in self.script.faults)
        self.script.faults.clear()
        return hits

    def raw(self, fields: list[str], client: int | None = None) -> int:
        """A message of any fields to one client or all; returns how many got it."""
        return self.outages.raw(fields, client)

    def status(self) -> dict[str, Any]:
        """Figures and switches."""
        return {
            "simulated": True,
            "now": self._clock.now().astimezone(ZoneInfo(NEW_YORK)).isoformat(),
            "rate": self.feed.rate,
            "paused": self.feed.paused,
            "sent": self.feed.total,
            "subscribed": self.feed.watched,
            "subscribe_requests": self.market.requests,
            "connections": self.connections,
            "listening": self.front.listening,
            "bad_requests": self.bad_requests,
            "clients": {
                str(client): {"version": session.version, "lines": self.market.lines(session)}
                for client, session in self.clients.items()
            },
        }

    async def _keep_telling(self) -> None:
        refreshed = self._clock.now_ns()
        while True:
            await asyncio.sleep(1)
            self.portfolio.tell_profits()
            if self._clock.now_ns() - refreshed >= _REFRESH_S * 1_000_000_000:
                refreshed = self._clock.now_ns()
                self.portfolio.refresh()


def _default_start(today: date) -> datetime:
    while today.weekday() > 4:
        today -= timedelta(days=1)
    return datetime(today.year, today.month, today.day, 9, 30)


def _new_york(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(NEW_YORK))


async def serve(options: TwsOptions) -> None:
    """Runs a lab until SIGTERM or SIGINT; its first line on stdout says where it listens, as JSON."""
    await serving.serve(TwsLab(options))
