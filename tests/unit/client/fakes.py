"""A real nats-server and a small worker that speaks the contract, for the tests of the client. Holds no test."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import nats
from nats.aio.client import Client
from nats.micro import add_service  # pyright: ignore[reportUnknownVariableType]
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, ServiceConfig

from marketbus.adapters.hours import cn_hours
from marketbus.domain.calendar_table import CalendarTable
from marketbus.domain.contract import Contract, Product
from marketbus.domain.contract_book import ContractBook
from marketbus.domain.errors import MarketBusError
from marketbus.domain.instrument import Exchange, Instrument, Pattern, parse_instrument
from marketbus.domain.session import Session, SessionState
from marketbus.domain.status import GatewayStatus
from marketbus.domain.subscription import Coverage, Interest, Unmatched, Wishes
from marketbus.domain.tick import Tick, TickFlag, with_flag
from marketbus.wire import codec, rpc, subjects


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, state: Path, config: str = "") -> None:
        self._config = state / "nats.conf"
        self._config.write_text(config)
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._state = state
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        assert binary, "nats-server is not installed"
        self._process = subprocess.Popen(
            [binary, "-a", "127.0.0.1", "-p", str(self.port), "-c", str(self._config), "-js", "-sd", str(self._state)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.005)
        raise TimeoutError("nats-server did not start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def running_server(state: Path, config: str = "") -> Generator[Server, None, None]:
    server = Server(state, config)
    server.start()
    try:
        yield server
    finally:
        server.kill()


async def until(check: Callable[[], Any], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.005)


def contract(gateway: str, vt_symbol: str) -> Contract:
    one = parse_instrument(vt_symbol)
    return Contract(gateway, one.symbol, one.exchange, one.symbol, Product.FUTURES, 10.0, 1.0)


class Worker:
    """One gateway's worker: the verbs, a status, ticks on demand."""

    def __init__(self, url: str, gateway: str, *listed: str, epoch: int = 1) -> None:
        self.gateway = gateway
        self.epoch = epoch
        self.state = SessionState.READY
        self.book = ContractBook(contract(gateway, symbol) for symbol in listed)
        self.wishes = Wishes()
        self.last: dict[Instrument, Tick] = {}
        self.seqs: dict[Instrument, int] = {}
        self.market_time: int | None = None
        self.asked: list[str] = []
        self.history_asked: list[rpc.QueryHistory] = []
        self.history_answers: list[list[codec.Payload]] = []
        self.before_snapshot: Callable[[], Awaitable[None]] | None = None
        self._url = url
        self._nc: Client | None = None
        self._service: Any = None

    @property
    def nc(self) -> Client:
        assert self._nc is not None
        return self._nc

    async def start(self) -> None:
        self._nc = await nats.connect(  # pyright: ignore[reportUnknownMemberType]
            self._url, reconnect_time_wait=0.05, max_reconnect_attempts=-1, error_cb=_quiet
        )
        metadata = {"gateway": self.gateway, "kind": "fake", "simulated": "true"}
        self._service = await add_service(self._nc, ServiceConfig(name=rpc.SERVICE, version="0.1.0", metadata=metadata))
        for verb in rpc.VERBS:
            principal = "*" if verb.group is rpc.Group.OPS else None
            await self._service.add_endpoint(
                EndpointConfig(
                    name=f"{verb.group}-{verb.name}",
                    subject=subjects.rpc(self.gateway, verb.group, verb.name, principal),
                    handler=self._handler(verb),
                )
            )
        await self._nc.flush()
        await self.report()

    async def stop(self) -> None:
        if self._service is not None:
            await self._service.stop()
            self._service = None
        if self._nc is not None:
            await self._nc.close()
            self._nc = None

    def status(self) -> GatewayStatus:
        ready = Session(self.state)
        return GatewayStatus(
            self.gateway, "fake", "fake", True, 0, self.epoch, 1, "host", 0, ("market_data",), ready, ready,
            len(self.book), 0, 0, len(self.wishes.leases), self.wishes.pins, 0, 0.0, None, {}, {}, {},
            market_time=self.market_time,
        )  # fmt: skip

    async def report(self) -> None:
        await self.nc.publish(subjects.status(self.gateway), codec.encode(self.status()))

    async def announce(self, vt_symbol: str) -> None:
        one = contract(self.gateway, vt_symbol)
        self.book.update([one])
        await self.nc.publish(subjects.contract(self.gateway, one.instrument), codec.encode(one))

    def make(self, vt_symbol: str, price: float = 1.0, flags: int = 0, at: int | None = None) -> Tick:
        """The next tick, of exchange time `at` (now), numbered and remembered, not sent."""
        one = parse_instrument(vt_symbol)
        seq = self.seqs[one] = self.seqs.get(one, 0) + 1
        now = time.time_ns()
        tick = Tick(
            self.gateway, one.symbol, one.exchange, at or now, now, self.epoch, seq,
            flags=flags | TickFlag.SIMULATED, last_price=price,
        )  # fmt: skip
        self.last[one] = tick
        return tick

    async def send(self, tick: Tick) -> None:
        await self.nc.publish(subjects.tick(self.gateway, tick.instrument), codec.encode(tick))

    async def tick(self, vt_symbol: str, count: int = 1, flags: int = 0) -> None:
        for _ in range(count):
            await self.send(self.make(vt_symbol, flags=flags))
        await self.nc.flush()

    async def restart(self) -> None:
        """A new process: knows no lease, counts from 1."""
        await self.stop()
        self.epoch += 1
        self.wishes, self.last, self.seqs = Wishes(), {}, {}
        await self.start()

    def _handler(self, verb: rpc.Verb) -> Callable[[Request], Awaitable[None]]:
        async def handle(request: Request) -> None:
            self.asked.append(verb.name)
            try:
                body = rpc.decode_request(verb.request, request.data)
                if verb.stream:
                    if verb.name == "snapshot" and self.before_snapshot is not None:
                        await self.before_snapshot()
                    for item in self.stream(verb.name, body):
                        await request.respond(item)
                    await request.respond(b"")
                else:
                    await request.respond(msgspec.json.encode(self.reply(verb.name, body)))
            except MarketBusError as error:
                number, fault = rpc.fault_of(error)
                await request.respond_error(str(number), error.message, data=msgspec.json.encode(fault))

        return handle

    def reply(self, name: str, body: Any) -> Any:
        match name:
            case "status":
                return codec.to_object(self.status())
            case "subscribe":
                self.wishes.lease(body.owner, body.patterns, time.monotonic() + body.ttl)
                unmatched = [
                    Unmatched(p.text, tuple(self.book.suggest(p.instrument)) if p.instrument else ())
                    for p in map(Pattern, body.patterns)
                    if not self.book.select(p)
                ]
                return Coverage(len(body.patterns) - len(unmatched), tuple(unmatched))
            case "renew":
                return rpc.Renewed(self.wishes.renew(body.owner, time.monotonic() + body.ttl), self.epoch)
            case "unsubscribe":
                self.wishes.release(body.owner)
                return {}
            case "calendar":
                holidays = tuple(date(2026, 10, day) for day in (1, 2, 5, 6, 7))
                return CalendarTable(date(2026, 1, 1), date(2026, 12, 31), holidays, (), cn_hours())
            case "pin":
                for text in body.patterns:
                    self.wishes.pin(text)
                return rpc.Pinned(list(self.wishes.pins))
            case "unpin":
                for text in body.patterns:
                    self.wishes.unpin(text)
                return rpc.Pinned(list(self.wishes.pins))
            case _:
                return {}

    def stream(self, name: str, body: Any) -> list[bytes]:
        if name == "subscriptions":
            return [msgspec.json.encode(Interest(one.vt_symbol, 1, True, True, None)) for one in self.last]
        if name == "query_history":
            self.history_asked.append(body)
            return [codec.encode(each) for each in self.history_answers.pop(0)]
        wanted = [Pattern(text) for text in body.patterns]
        if name == "contracts":
            return [codec.encode(one) for one in self.book if any(p.matches(one.instrument) for p in wanted)]
        return [
            codec.encode(with_flag(tick, TickFlag.SNAPSHOT))
            for one, tick in self.last.items()
            if any(p.matches(one) for p in wanted)
        ]


async def _quiet(_: Exception) -> None:
    """The worker's own connection errors are part of the test."""


@asynccontextmanager
async def working(url: str, gateway: str, *listed: str, epoch: int = 1) -> AsyncGenerator[Worker, None]:
    worker = Worker(url, gateway, *listed, epoch=epoch)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


__all__ = ["Exchange", "Server", "Worker", "contract", "free_port", "running_server", "until", "working"]
