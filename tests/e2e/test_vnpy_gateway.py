"""Apps of vnpy from PyPI, unmodified and headless, over the bus."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from vnpy.event import Event, EventEngine
from vnpy.trader.constant import Direction, Exchange, Offset, OrderType, Status
from vnpy.trader.event import (
    EVENT_ACCOUNT,
    EVENT_CONTRACT,
    EVENT_LOG,
    EVENT_ORDER,
    EVENT_POSITION,
    EVENT_TICK,
    EVENT_TRADE,
)
from vnpy.trader.object import CancelRequest, OrderRequest, SubscribeRequest

from marketbus.client.vnpy_gateway import MarketBusGateway
from tests.system import System, eventually

EXAMPLE = Path(__file__).parents[2] / "examples" / "vnpy"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with System(tmp_path) as system:
        yield system


class App:
    """What an app of vnpy hears, by kind, in its order."""

    def __init__(self, name: str) -> None:
        self.events = EventEngine()
        self.gateway = MarketBusGateway(self.events, name)
        self.heard: dict[str, list[Any]] = {}
        for kind in (EVENT_TICK, EVENT_CONTRACT, EVENT_ORDER, EVENT_TRADE, EVENT_POSITION, EVENT_ACCOUNT, EVENT_LOG):
            self.events.register(kind, self._hear)

    def _hear(self, event: Event) -> None:
        self.heard.setdefault(event.type, []).append(event.data)

    def last(self, kind: str, check: Callable[[Any], bool] = lambda _: True) -> Any:
        return next((each for each in reversed(self.heard.get(kind, [])) if check(each)), None)

    def order(self, vt_orderid: str, status: Status) -> Any:
        return self.last(EVENT_ORDER, lambda each: each.vt_orderid == vt_orderid and each.status is status)

    def statuses(self, vt_orderid: str) -> list[Status]:
        return [each.status for each in self.heard[EVENT_ORDER] if each.vt_orderid == vt_orderid]

    @property
    def log(self) -> str:
        return "\n".join(each.msg for each in self.heard.get(EVENT_LOG, []))

    def send(self, symbol: str, price: float, volume: float = 1, offset: Offset = Offset.OPEN) -> str:
        code, _, exchange = symbol.partition(".")
        direction = Direction.LONG if offset is Offset.OPEN else Direction.SHORT
        return self.gateway.send_order(
            OrderRequest(code, Exchange(exchange), direction, OrderType.LIMIT, volume, price, offset, "grid")
        )


@contextmanager
def app(name: str = "CTP") -> Generator[App]:
    one = App(name)
    one.events.start()
    try:
        yield one
    finally:
        one.gateway.close()
        one.events.stop()


async def test_an_app_trades_as_with_a_gateway_of_its_own(system: System) -> None:
    one = system.kind.one
    code, _, exchange = one.partition(".")
    worker = system.worker(one, trading=True)
    with app() as vnpy:
        gateway = vnpy.gateway
        assert vnpy.send(one, 1) == ""  # before connect: certainly not sent, as the log says
        assert "总线未连接" in vnpy.log or await eventually(lambda: "总线未连接" in vnpy.log, "the reason")
        gateway.subscribe(SubscribeRequest(code, Exchange(exchange)))  # kept until it is connected
        gateway.subscribe(SubscribeRequest("nobody2701", Exchange(exchange)))
        gateway.connect({"总线地址": system.nats.url, "端口": 1})
        await eventually(lambda: "端口" in vnpy.log, "the setting that there is not")
        gateway.connect({"总线地址": system.nats.url})
        tick = await eventually(lambda: vnpy.last(EVENT_TICK), "a tick")
        assert (tick.vt_symbol, tick.gateway_name) == (one, "CTP")
        contract = await eventually(lambda: vnpy.last(EVENT_CONTRACT, lambda each: each.vt_symbol == one), "contracts")
        assert (contract.gateway_name, contract.pricetick > 0, contract.size > 0) == ("CTP", True, True)
        account = await eventually(lambda: vnpy.last(EVENT_ACCOUNT), "the funds")
        assert account.balance > account.available - 1 > 0
        await eventually(lambda: "SIMULATED" in vnpy.log and "持仓查询成功" in vnpy.log, "the log")
        assert "no gateway carries nobody2701" in vnpy.log

        rests = await eventually(lambda: vnpy.send(one, tick.limit_down), "an order")  # SYNCING ends soon
        assert await eventually(lambda: vnpy.order(rests, Status.NOTTRADED) or vnpy.order(rests, Status.REJECTED), "")
        while vnpy.order(rests, Status.REJECTED):  # the session was not READY yet
            rests = vnpy.send(one, tick.limit_down)
            await eventually(lambda: vnpy.order(rests, Status.NOTTRADED) or vnpy.order(rests, Status.REJECTED), "")  # noqa: B023
        order = vnpy.order(rests, Status.NOTTRADED)
        assert (order.volume, order.price, order.reference, order.offset) == (1, tick.limit_down, "grid", Offset.OPEN)
        gateway.cancel_order(order.create_cancel_request())
        await eventually(lambda: vnpy.order(rests, Status.CANCELLED), "the cancel")
        assert vnpy.statuses(rests) == [Status.SUBMITTING, Status.NOTTRADED, Status.CANCELLED]

        denied = vnpy.send(one, tick.limit_up * 3)
        await eventually(lambda: vnpy.order(denied, Status.REJECTED), "our no")
        rejected = vnpy.send(one, tick.limit_down, offset=Offset.CLOSEYESTERDAY)
        await eventually(lambda: vnpy.order(rejected, Status.REJECTED), "the venue's no, or ours")
        filled = vnpy.send(one, tick.ask_price_5 or tick.ask_price_1 + 5 * contract.pricetick, 2)
        await eventually(lambda: vnpy.order(filled, Status.ALLTRADED), "the fill")
        trade = await eventually(lambda: vnpy.last(EVENT_TRADE), "the trade")
        assert (trade.vt_orderid, trade.gateway_name) == (filled, "CTP")
        position = await eventually(lambda: vnpy.last(EVENT_POSITION, lambda each: each.volume == 2), "the position")
        assert (position.vt_symbol, position.direction, position.yd_volume) == (one, Direction.LONG, 0)
        gateway.cancel_order(CancelRequest("nobody", code, Exchange(exchange)))
        await eventually(lambda: "撤单失败 nobody" in vnpy.log, "no such order")

        # The bus goes, and comes back: nothing is sent meanwhile, and what happened is told afterwards.
        rests = vnpy.send(one, tick.limit_down)
        await eventually(lambda: vnpy.order(rests, Status.NOTTRADED), "an order that stands")
        system.nats.kill()
        await eventually(lambda: vnpy.send(one, tick.limit_down) == "", "no connection")
        system.lab.control.drop("md")
        system.nats.start()
        count = len(vnpy.heard[EVENT_TICK])
        await eventually(lambda: len(vnpy.heard[EVENT_TICK]) > count + 3, "ticks again")
        await eventually(lambda: vnpy.send(one, tick.limit_down), "orders again")
        # The worker too: a new one trades on, and the order that stood still stands.
        worker.send(signal.SIGKILL)
        worker.wait()
        system.start(system.folder / "ctp.toml")
        gateway.cancel_order(CancelRequest(rests.partition(".")[2], code, Exchange(exchange)))

        def cancelled() -> bool:
            if vnpy.order(rests, Status.CANCELLED):
                return True
            gateway.cancel_order(CancelRequest(rests.partition(".")[2], code, Exchange(exchange)))
            return False

        await eventually(cancelled, "the cancel by the next worker", within=30, every=0.5)
        assert len({each.vt_tradeid for each in vnpy.heard[EVENT_TRADE]}) == len(vnpy.heard[EVENT_TRADE])


async def test_a_cta_strategy_opens_and_closes_a_lot(system: System, tmp_path: Path) -> None:
    """The shipped example; SHFE wants today's lots closed as such, which vnpy does from the positions it is told."""
    folder = tmp_path / "vnpy"
    shutil.copytree(EXAMPLE, folder)
    system.worker(system.kind.one, trading=True)
    async with system.connect() as bus:
        await system.ready(bus)
        argv = [sys.executable, "cta.py", system.kind.one, "--url", system.nats.url]
        env = dict(os.environ) | {"HOME": str(tmp_path)}
        done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [(order.offset, order.state, order.reference) for order in await bus.orders()] == [
            ("OPEN", "FILLED", "CtaStrategy_one-lot"),
            ("CLOSETODAY", "FILLED", "CtaStrategy_one-lot"),
        ]
        assert len(await bus.trades()) == 2
        assert not [each for each in await bus.positions() if each.volume]
    assert [line.split()[0] for line in done.stdout.splitlines()[-2:]] == [system.kind.one] * 2
