"""Row 10 on Interactive Brokers: the worker dies at every step that TWS sees of an order; TWS's books are the judge.

What happens before TWS sees anything is the desk's alone, and shown in test_order_crashes.py.
"""

import signal
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from marketbus import GatewayStatus
from marketbus.adapters.journal.verify import verify
from marketbus.apps import paths, worker_environment
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.wire import codec, subjects
from tests.conftest import Measured
from tests.faults.order_lane import WIDE
from tests.system import IB, Span, System, eventually
from tests.system.nursery import Forked, Nursery
from tests.system.trader import Trader
from tests.system.tws import Tws

AAPL, NUMBER = "AAPL-USD-STK.SMART", 265598
NAME = "ib"
SEEDS = (4, 200)
STATES = {"Submitted": "ACCEPTED", "PreSubmitted": "ACCEPTED", "Filled": "FILLED", "Cancelled": "CANCELLED"}
STEPS = (
    ("placeOrder", "kill"),
    ("placeOrder", "kill_after"),
    ("openOrder:*", "kill"),
    ("orderStatus*", "kill"),
    ("orderStatus*", "kill_after"),
    ("execDetails", "kill"),
    ("commissionReport", "kill"),
    ("cancelOrder", "kill"),
    ("cancelOrder", "kill_after"),
    ("completedOrdersEnd", "kill"),
)


class IbLane:
    """One account on Apple; the worker dies, TWS, bus and disk stay."""

    def __init__(self, system: System, tws: Tws, nursery: Nursery, client: Client) -> None:
        self._system = system
        self.tws = tws
        self._nursery = nursery
        self.trader = Trader(client, NAME)
        self.status: GatewayStatus | None = None
        self.worker: Forked
        self.asked: dict[str, dict[str, Any]] = {}
        setting = {"port": tws.port, "client_id": 7}
        section = {
            "kind": "ib", "sdk": "lab", "trading": True, "subscribe": [AAPL], "setting": setting, "risk": WIDE,
            "login_retry": 0.2,
        }  # fmt: skip
        self._config = system.config(f"{NAME}.toml", **{NAME: section})
        self.journal = paths.journal_file(system.folder / "state", NAME)

    async def open(self) -> None:
        async def status(message: Msg) -> None:
            self.status = codec.decode(GatewayStatus, message.data)

        await self.trader.listen()
        await self.trader.client.subscribe(subjects.status(NAME), cb=status)  # pyright: ignore[reportUnknownMemberType]
        await self.trader.client.flush()
        await self.start()

    async def start(self) -> None:
        """A fresh worker, READY with a price."""
        log = self._system.logs.setdefault("worker-ib", self._system.folder / "worker-ib.log")
        self.worker = self._nursery.start(worker_environment.command(NAME, self._config, base=self._system.env), log)
        await self.ready()

    async def ready(self) -> None:
        def look() -> bool:
            now = self.status
            return now is not None and now.pid == self.worker.pid and now.td.state == "READY" and bool(now.last_tick)

        await eventually(look, "a line that trades", 30.0, every=0.01)

    def books(self) -> dict[str, Any]:
        return self.tws.control.books()

    def prices(self) -> tuple[float, float]:
        tick = self.tws.call(lambda lab: lab.feed.latest(lab.terminal.contract(NUMBER)))
        return tick.bids[0], tick.asks[0]

    async def agree(self) -> None:
        """Nothing twice at TWS, no orphan, and everybody has the same books."""

        async def same() -> bool:
            return not await self.differs()

        try:
            await eventually(same, "the same books", 15.0)
        except AssertionError as error:
            error.add_note(await self.differs())
            raise
        verdict = verify(self.journal)
        assert verdict.ok, verdict

    async def differs(self) -> str:
        theirs = self.books()
        refs = Counter(each["ref"] for each in theirs["orders"])
        assert max(refs.values(), default=1) == 1, f"sent twice: {theirs['orders']}"
        ours = {each.client_order_id: each for each in await self.trader.stream("orders", Order)}
        for each in theirs["orders"]:
            mine = ours.pop(each["ref"], None)
            if mine is None or mine.external:
                return f"an orphan: {each}"
            filled = float(each["filled"])
            state = STATES[each["status"]]
            state = "PARTIAL" if state == "ACCEPTED" and filled else state
            if (str(mine.state), mine.traded) != (state, filled):
                return f"{each['ref']} is {mine.state} {mine.traded:g}, at TWS {state} {filled:g}"
        if left := [name for name, mine in ours.items() if mine.denied_by == ""]:
            return f"not at TWS: {left}"
        at_tws = {(each["ref"], Decimal(each["size"])) for each in theirs["executions"]}
        fills = await self.trader.stream("trades", Trade)
        if {(each.client_order_id, Decimal(f"{each.volume:g}")) for each in fills} != at_tws:
            return f"fills {fills}, at TWS {theirs['executions']}"
        held = {each.vt_symbol: each.volume for each in await self.trader.stream("positions", Position) if each.volume}
        size = float(theirs["positions"].get(str(NUMBER), 0))
        return "" if held == ({AAPL: size} if size else {}) else f"held {held}, at TWS {size}"


@asynccontextmanager
async def ib_lane(folder: Path) -> AsyncGenerator[IbLane]:
    client = Client()
    with System(folder) as system, Nursery(system.env) as nursery:
        tws = Tws()
        await client.connect(system.nats.url)  # pyright: ignore[reportUnknownMemberType]
        try:
            lane = IbLane(system, tws, nursery, client)
            await lane.open()
            yield lane
        finally:
            await client.close()
            tws.stop()


async def one_life(lane: IbLane, number: int, chance: Random) -> None:
    """An order, its worker's death, and what the next one makes of it."""
    step, action = STEPS[number % len(STEPS)]
    bid, ask = lane.prices()
    name, volume = f"o{number}", 2 + number % 5
    crosses = step in ("execDetails", "commissionReport")
    price = round(ask + 1, 2) if crosses else round(bid - 5 - number % 50 / 100, 2)
    terms = {"direction": "long", "offset": "open", "volume": volume, "price": price}
    lane.asked[name] = terms
    body = Trader.request(AAPL, name, **terms)
    delay = chance.uniform(0, 30)
    if step == "cancelOrder":
        await lane.trader.ask("send_order", **body)
        await lane.trader.until(name, "ACCEPTED")
        lane.tws.control.fault(step, action, ms=delay)
        await lane.trader.tell("cancel_order", client_order_id=name, valid_until=body["valid_until"])
    elif step == "completedOrdersEnd":  # while the books are read
        await lane.trader.ask("send_order", **body)
        await lane.trader.until(name, "ACCEPTED")
        lane.worker.send(signal.SIGKILL)
        lane.worker.wait()
        lane.tws.control.fault(step, action)
        lane.worker = lane._nursery.start(  # pyright: ignore[reportPrivateUsage]
            worker_environment.command(NAME, lane._config, base=lane._system.env),  # pyright: ignore[reportPrivateUsage]
            lane._system.logs["worker-ib"],  # pyright: ignore[reportPrivateUsage]
        )
    else:
        lane.tws.control.fault(step, action, ms=delay)
        await lane.trader.tell("send_order", **body)
    lane.worker.wait(15.0)
    assert lane.tws.control.heal() == 1, f"{step} was never reached"
    # the market goes on without it
    resting = [each for each in lane.books()["orders"] if each["ref"] == name and each["status"] == "Submitted"]
    if resting and chance.random() < 0.7:
        lane.tws.control.strike(NUMBER, "SELL", chance.randint(1, volume), price)
    await lane.start()
    await lane.agree()
    # whoever did not hear the answer asks again: it is the same order
    known = await lane.trader.ask("order", client_order_id=name)
    again = await lane.trader.send(AAPL, name, **terms)
    assert "code" not in again, again
    assert again["state"] == known["state"], (known, again)
    await lane.trader.ask("cancel_all")
    await eventually(
        lambda: not any(e["status"] in ("Submitted", "PreSubmitted") for e in lane.books()["orders"]), "all"
    )
    await lane.agree()


@pytest.mark.row(10, "0 duplicate orders, 0 orphans after reconciliation", once=True, kinds=(IB,))
@pytest.mark.usefixtures("kind")
async def test_a_killed_worker_leaves_no_duplicate_and_no_orphan_at_tws(
    tmp_path: Path, span: Span, measured: Measured
) -> None:
    count = span.count(*SEEDS)
    async with ib_lane(tmp_path) as lane:
        for seed in range(count):
            try:
                await one_life(lane, seed, Random(seed))
            except BaseException as error:
                error.add_note(f"seed {seed}: {STEPS[seed % len(STEPS)]}")
                raise
    measured("kill -9 among TWS's messages of an order (ib)", count, "kills")
