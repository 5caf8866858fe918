"""The trading day changes under a worker that goes on: real SDK, real bus, a counter that logs nobody out."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from marketbus.domain.position import Position
from marketbus.wire import codec, subjects
from tests.system import System, eventually
from tests.system.trader import Trader

FRIDAY, MONDAY = 20261120, 20261123


@pytest.fixture
def system(tmp_path: Path) -> Any:
    with System(tmp_path) as system:
        yield system


async def test_yesterdays_orders_end_positions_roll_and_the_statement_is_kept(system: System) -> None:
    one = system.kind.one
    symbol = one.partition(".")[0]
    system.worker(one, trading=True, schedule="always")
    client = Client()
    await client.connect(system.nats.url)  # pyright: ignore[reportUnknownMemberType]
    trader = Trader(client)
    await trader.listen()
    async with system.connect() as bus:
        first = await system.ready(bus)
        await eventually(lambda: _has_tick(bus, one), "a tick")
        depth = system.lab.call(lambda lab: lab.terminal._venue.depth(symbol))  # pyright: ignore[reportPrivateUsage]
        buys = {"direction": "long", "offset": "open"}
        await trader.send(one, "held", volume=2, price=float(depth.asks[0][0]), **buys)
        await trader.send(one, "stands", volume=1, price=float(depth.lower), **buys)
        await trader.until("stands", "ACCEPTED")
        await trader.until("held", "FILLED")

        system.lab.control.clock(start=datetime.fromisoformat("2026-11-23T09:30:00+08:00"))
        ended = await trader.until("stands", "CANCELLED")
        assert (ended["trading_day"], "交易日已结束" in ended["error_msg"]) == (FRIDAY, True)
        held = await eventually(lambda: _positions(client, FRIDAY), "positions of Monday")
        assert [(each.symbol, each.volume, each.yd_volume, each.trading_day) for each in held] == [
            (symbol, 2, 2, MONDAY)
        ]
        assert held[0].margin == pytest.approx(system.lab.control.books()["positions"][0]["margin"])
        status = await system.status(bus)
        assert status is not None
        assert (status.epoch, status.td.logins) == (first.epoch, 1), "nobody logged in anew"

        low = system.lab.call(lambda lab: float(lab.terminal._venue.depth(symbol).lower))  # pyright: ignore[reportPrivateUsage]
        await trader.send(one, "today", volume=1, price=low, **buys)
        assert (await trader.until("today", "ACCEPTED"))["trading_day"] == MONDAY
        await eventually(lambda: _rates(trader, one), "the rates of the new day")
        kept = system.folder / "state" / "gateways" / "ctp" / "settlements" / "main" / f"{FRIDAY}.txt"
        await eventually(kept.exists, "Friday's statement")
        shown = system.cli("settlement", "settlement", "2026-11-20", "--url", system.nats.url)
        assert await eventually(lambda: shown.code == 0, "the statement") is not None
        assert f"日期: {FRIDAY}" in shown.words()
        assert shown.words() == kept.read_bytes().decode().replace("\r\n", "\n")

        assert (await trader.ask("order", client_order_id="held"))["state"] == "FILLED", "of a day that is over"
        risk = await trader.ask("risk")
        assert (risk["trading_day"], risk["exchanges"][0]["orders"]) == (MONDAY, 1)
    await client.close()


async def _positions(client: Client, before: int) -> list[Position]:
    """All of them, once they are later than a day's."""
    inbox = client.new_inbox()
    replies = await client.subscribe(inbox)  # pyright: ignore[reportUnknownMemberType]
    await client.publish(subjects.td_rpc("ctp", "main", "positions", "li"), b"", reply=inbox)
    found: list[Position] = []
    while data := (await replies.next_msg(5)).data:
        found.append(codec.decode(Position, data))
    await replies.unsubscribe()
    return found if all(each.trading_day > before for each in found) else []


async def _rates(trader: Trader, vt_symbol: str) -> bool:
    (known,) = (await trader.ask("rates", vt_symbols=[vt_symbol]))["rates"]
    return known["asked"] > 0 and known["margin"]["long"]["by_money"] > 0 and known["commission"] is not None


async def _has_tick(bus: Any, vt_symbol: str) -> bool:
    return bool(await bus.snapshot(vt_symbol))
