import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Protocol

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats_process import NatsProcess, connect, subscribe, until
from ticks import tick

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats.connection import ignore
from marketbus.adapters.nats.publisher import STEADY, NatsTickPublisher
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.tick import Tick
from marketbus.wire import codec
from marketbus.wire.native import Native


class Consumer:
    """Every tick on the bus, kept up through restarts of the server."""

    client: Client

    def __init__(self) -> None:
        self.ticks: list[Tick] = []

    async def start(self, url: str) -> None:
        self.client = await connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0)
        await subscribe(self.client, "md.tick.>", self._take)
        await self.client.flush()

    async def _take(self, message: Msg) -> None:
        self.ticks.append(codec.decode(Tick, message.data))

    def in_order(self) -> bool:
        last: dict[str, int] = {}
        for one in self.ticks:
            if one.seq <= last.get(one.symbol, 0):
                return False
            last[one.symbol] = one.seq
        return True

    def newest(self) -> dict[str, int]:
        newest: dict[str, int] = {}
        for one in self.ticks:
            newest[one.symbol] = max(one.seq, newest.get(one.symbol, 0))
        return newest

    def in_order_on_each_of_two_connections(self) -> bool:
        """A server that wakes may read the new connection before the rest of the old one; readers go by seq."""
        newest: dict[str, int] = {}
        late: dict[str, int] = {}
        for one in self.ticks:
            run = newest if one.seq > newest.get(one.symbol, 0) else late
            if one.seq <= run.get(one.symbol, 0):
                return False
            run[one.symbol] = one.seq
        return len({(one.symbol, one.seq) for one in self.ticks}) == len(self.ticks)


class Feed:
    """An SDK's thread: numbers and publishes ticks of some instruments; remembers the longest call."""

    def __init__(self, publisher: NatsTickPublisher, instruments: int, rate: float, volume: int = 1) -> None:
        self.sent = 0
        self.slowest = 0.0
        self.last: dict[str, int] = {}
        self._publisher = publisher
        self._symbols = [f"rb{number}" for number in range(instruments)]
        self._rate = rate
        self._extra = {"padding": "x" * volume}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    async def stop(self) -> None:
        self._ending.set()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        start = time.monotonic()
        while not self._ending.is_set():
            symbol = self._symbols[self.sent % len(self._symbols)]
            seq = self.last[symbol] = self.last.get(symbol, 0) + 1
            before = time.monotonic()
            self._publisher.tick(tick(symbol, seq, extra=self._extra))
            self.slowest = max(self.slowest, time.monotonic() - before)
            self.sent += 1
            ahead = start + self.sent / self._rate - time.monotonic()
            if ahead > 0.001:
                time.sleep(ahead)


@pytest.fixture
async def consumer(server: NatsProcess) -> AsyncIterator[Consumer]:
    one = Consumer()
    await one.start(server.url)
    yield one
    await one.client.close()


class Open(Protocol):
    def __call__(self, server: NatsProcess, **settings: object) -> NatsTickPublisher: ...


@pytest.fixture
def open_to(twin: Native) -> Open:
    def publisher(server: NatsProcess, **settings: object) -> NatsTickPublisher:
        return NatsTickPublisher(server.options, SystemClock(), ignore, accelerator=twin, **settings)  # pyright: ignore

    return publisher


async def test_every_tick_arrives_in_order_under_its_subject(
    server: NatsProcess, consumer: Consumer, open_to: Open
) -> None:
    publisher = open_to(server)
    publisher.tick(tick("before start", 1))
    await publisher.start()
    for seq in range(1, 2001):
        publisher.tick(tick("SPD RM501&RM503", seq))
    await publisher.stop()
    await until(lambda: len(consumer.ticks) == 2001)
    assert consumer.in_order()
    assert publisher.drops() == {}
    assert publisher.buffered() == 0


async def test_latency_covers_the_window_since_the_last_look(
    server: NatsProcess, consumer: Consumer, open_to: Open
) -> None:
    publisher = open_to(server)
    await publisher.start()
    assert publisher.latency() is None
    publisher.tick(tick())
    await until(lambda: len(consumer.ticks) == 1)
    latency = publisher.latency()
    assert latency is not None
    assert 0 < latency.p50 <= latency.p99 <= latency.max < 5e6
    assert latency.count == 1
    assert publisher.latency() is None
    await publisher.stop()


async def test_a_tick_that_cannot_be_sent_is_counted_and_the_next_one_arrives(
    server: NatsProcess, consumer: Consumer, open_to: Open
) -> None:
    publisher = open_to(server)
    await publisher.start()
    publisher.tick(tick(name="\ud800"))
    publisher.tick(tick(symbol=""))
    publisher.tick(tick(extra={"padding": "x" * 70_000}))
    publisher.tick(tick(extra={"padding": "x" * 5_000}))
    await until(lambda: len(consumer.ticks) == 1)
    assert publisher.drops() == {"unencodable": 2, "too_large": 1}
    await publisher.stop()


async def test_no_server_is_an_error_that_names_it(server: NatsProcess, open_to: Open) -> None:
    server.kill()
    with pytest.raises(BusUnavailable, match=server.url):
        await open_to(server).start()


async def test_a_server_killed_under_publishing_leaves_gaps_but_no_disorder(
    server: NatsProcess, consumer: Consumer, open_to: Open
) -> None:
    publisher = open_to(server, max_bytes=200_000)
    await publisher.start()
    feed = Feed(publisher, instruments=20, rate=4000)
    feed.start()
    await until(lambda: len(consumer.ticks) > 500)
    for _ in range(2):
        server.kill()
        mark = feed.sent
        await until(lambda mark=mark: feed.sent > mark + 3000)
        assert publisher.buffered() <= 200_000
        server.start()
        seen, back = len(consumer.ticks), time.monotonic()
        await until(lambda seen=seen: len(consumer.ticks) > seen)
        assert time.monotonic() - back < 2.0
    await feed.stop()
    await until(lambda: consumer.in_order() and {one.symbol: one.seq for one in consumer.ticks} == feed.last)
    await publisher.stop()
    assert publisher.drops()["disconnected"] > 0
    assert feed.slowest < 0.5


async def test_after_an_outage_the_newest_of_each_instrument_goes_out_first(
    server: NatsProcess, consumer: Consumer, open_to: Open
) -> None:
    publisher = open_to(server)
    await publisher.start()
    publisher.tick(tick("a", 1))
    await until(lambda: len(consumer.ticks) == 1)
    server.kill()
    await until(lambda: not consumer.client.is_connected)
    # the writer may still take one batch for sent before it sees that nobody is there
    publisher.tick(tick("a", 2))
    await until(lambda: not publisher._client.is_connected)  # pyright: ignore
    for seq in range(3, 500):
        publisher.tick(tick("a", seq))
        publisher.tick(tick("b", seq))
    server.start()
    await until(lambda: len(consumer.ticks) >= 3)
    assert [(one.symbol, one.seq) for one in consumer.ticks[1:]] == [("a", 499), ("b", 499)]
    await publisher.stop()


async def test_a_frozen_server_blocks_nobody_and_then_gets_the_newest(
    server: NatsProcess, consumer: Consumer, open_to: Open
) -> None:
    publisher = open_to(server, max_bytes=1_000_000, max_age=0.5)
    await publisher.start()
    feed = Feed(publisher, instruments=20, rate=4000, volume=4000)
    feed.start()
    await until(lambda: len(consumer.ticks) > 100)
    server.freeze()
    frozen, most = time.monotonic(), 0
    mark = feed.sent
    while time.monotonic() - frozen < 2.0:
        most = max(most, publisher.buffered())
        await asyncio.sleep(0.01)
    assert feed.sent - mark > 4000, "the SDK's thread was held up"
    server.thaw()
    assert 0 < most <= 1_000_000
    await feed.stop()
    await until(lambda: {one.symbol: one.seq for one in consumer.ticks} == feed.last)
    assert consumer.in_order()
    await publisher.stop()
    assert set(publisher.drops()) == {"slow_bus"}
    assert len(consumer.ticks) + publisher.drops()["slow_bus"] == feed.sent
    assert feed.slowest < 0.5


async def test_a_server_that_stays_frozen_is_cut_off(server: NatsProcess, consumer: Consumer, open_to: Open) -> None:
    publisher = open_to(server, max_bytes=1_000_000, stall=0.5)
    await publisher.start()
    feed = Feed(publisher, instruments=5, rate=4000, volume=4000)
    feed.start()
    server.freeze()
    await until(lambda: "disconnected" in publisher.drops(), 30)
    server.thaw()
    seen = len(consumer.ticks)
    await until(lambda: len(consumer.ticks) > seen + 1000, 30)
    await feed.stop()
    await publisher.stop()
    await until(lambda: consumer.newest() == feed.last)
    assert consumer.in_order_on_each_of_two_connections()


async def test_ticks_wait_while_the_name_is_not_surely_ours(
    server: NatsProcess, consumer: Consumer, open_to: Open
) -> None:
    until_then = 0.0
    publisher = open_to(server, may_send_until=lambda: until_then)
    await publisher.start()
    publisher.tick(tick("a", 1))
    await asyncio.sleep(0.2)  # nothing to poll for: silence is what is asserted
    assert consumer.ticks == []
    until_then = time.monotonic() + 60
    await until(lambda: len(consumer.ticks) == 1)
    await publisher.stop()


async def test_a_steady_stream_is_written_with_rests_and_goes_out_together(
    server: NatsProcess, consumer: Consumer
) -> None:
    publisher = NatsTickPublisher(server.options, SystemClock(), ignore, accelerator=Native(None, "python"), rest=1.0)
    for seq in range(1, STEADY + 1):
        publisher.tick(tick("a", seq))
    await publisher.start()
    await until(lambda: len(consumer.ticks) == STEADY)
    publisher.tick(tick("a", STEADY + 1))
    await asyncio.sleep(0.05)  # a turn in which an awake writer would have written it alone
    publisher.tick(tick("a", STEADY + 2))
    await until(lambda: len(consumer.ticks) == STEADY + 2)
    latency = publisher.latency()
    assert latency is not None
    assert latency.count == 2
    await publisher.stop()


async def test_a_few_ticks_make_nobody_rest(server: NatsProcess, consumer: Consumer) -> None:
    publisher = NatsTickPublisher(server.options, SystemClock(), ignore, accelerator=Native(None, "python"), rest=60.0)
    for seq in range(1, STEADY):
        publisher.tick(tick("a", seq))
    await publisher.start()
    await until(lambda: len(consumer.ticks) == STEADY - 1)
    publisher.tick(tick("a", STEADY))
    await until(lambda: len(consumer.ticks) == STEADY)
    await publisher.stop()
