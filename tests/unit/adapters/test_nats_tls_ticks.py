"""Native code that has ticks, on a connection by TLS, which only the loop can write to: it must be woken."""

import asyncio
import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nats_process import NatsProcess, connect, subscribe, until
from test_nats_security import Way, mutual_tls
from ticks import tick
from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.object import TickData

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats import publisher as publishing
from marketbus.adapters.nats.connection import ignore
from marketbus.adapters.nats.publisher import NatsTickPublisher
from marketbus.domain.tick import Tick
from marketbus.domain.times import SHANGHAI
from marketbus.gateways.vnpy.past_python import VnpyTicks
from marketbus.gateways.vnpy.session_marks import Marks
from marketbus.vnpy_types.market import tick_from_vnpy
from marketbus.wire import codec
from marketbus.wire.native import native

pytestmark = pytest.mark.skipif(native().module is None, reason=native().words)

MORNING = dt.datetime(2026, 11, 20, 9, 30, tzinfo=SHANGHAI)


@pytest.fixture
def way(tmp_path: Path) -> Way:
    return mutual_tls(tmp_path)


@pytest.fixture
def server(tmp_path: Path, way: Way) -> Iterator[NatsProcess]:
    (tmp_path / "nats.conf").write_text(way.config)
    server = NatsProcess(tmp_path, "-c", str(tmp_path / "nats.conf"))
    server.start()
    yield server
    server.kill()


def native_line(publisher: NatsTickPublisher) -> VnpyTicks:
    """Translates, numbers and hands over in C, and knows nothing of a loop."""

    def translate(data: TickData, received: int) -> tuple[Tick, Marks]:
        marks = Marks(start=0, end=2**62, since=0, until=2**62, trading_day=20261120, flags=0)
        return tick_from_vnpy(data, received, marks.trading_day, marks.flags), marks

    def reject(*why: str) -> None:
        raise AssertionError(why)

    return VnpyTicks("x", 1, publisher.sink(), translate, reject)


async def test_a_tick_of_native_code_goes_out_at_once_and_nothing_spins_after(
    way: Way, server: NatsProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "POLL", 3600.0)  # no timer helps
    publisher = NatsTickPublisher(msgspec.structs.replace(way.worker, url=(server.url,)), SystemClock(), ignore)
    line = native_line(publisher)
    got: list[Tick] = []

    async def take(message: Any) -> None:
        got.append(codec.decode(Tick, message.data))

    client = await connect(server.url, **way.client)
    await subscribe(client, "md.tick.>", take)
    await client.flush()

    line.take(TickData("x", "rb2701", VnpyExchange.SHFE, MORNING))  # before there is a connection
    await publisher.start()
    assert "written in Python" in publisher.path
    await until(lambda: len(got) == 1)
    for seq in range(2, 22):
        await asyncio.to_thread(line.take, TickData("x", "rb2701", VnpyExchange.SHFE, MORNING))
        await until(lambda seq=seq: len(got) == seq)
    publisher.tick(tick("au2612", 1))
    await until(lambda: len(got) == 22)
    assert [one.seq for one in got if one.symbol == "rb2701"] == list(range(1, 22))

    before = time.process_time()
    await asyncio.sleep(0.3)
    assert time.process_time() - before < 0.15, "the loop turns without anything to do"

    line.take(TickData("x", "rb2701", VnpyExchange.SHFE, MORNING))
    await publisher.stop()
    await until(lambda: len(got) == 23)
    assert (publisher.drops(), publisher.buffered()) == ({}, 0)
    await client.close()
