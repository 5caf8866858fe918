"""What one asks of the bus besides ticks, who answers, and the sentences when nobody does."""

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from datetime import date, datetime
from pathlib import Path

import pytest

import marketbus
from marketbus import (
    AmbiguousGateway,
    Bus,
    BusUnavailable,
    ConfigError,
    Edge,
    MarketBusError,
    SymbolError,
    UnknownGateway,
    UnknownInstrument,
)
from tests.unit.client.fakes import Server, Worker, contract, free_port, running_server, until, working

RB, AU = "rb2701.SHFE", "au2706.SHFE"


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    with running_server(tmp_path) as one:
        yield one


@pytest.fixture
async def worker(server: Server) -> AsyncGenerator[Worker, None]:
    async with working(server.url, "ctp", RB, AU, "SA701.CZCE") as one:
        yield one


@pytest.fixture
async def bus(server: Server) -> AsyncGenerator[Bus, None]:
    async with marketbus.connect(server.url, name="me") as one:
        yield one


async def test_no_nats_is_one_sentence() -> None:
    url = f"nats://127.0.0.1:{free_port()}"
    with pytest.raises(BusUnavailable, match=f"no NATS at {url}: is `marketbus up` running"):
        await marketbus.connect(url)


def test_no_nats_is_the_same_sentence_without_asyncio() -> None:
    threads = threading.active_count()
    with pytest.raises(BusUnavailable, match=r"no NATS at .*: is `marketbus up` running"):
        marketbus.connect_sync(f"nats://127.0.0.1:{free_port()}")
    assert threading.active_count() == threads


async def test_the_first_of_several_servers_may_be_down(server: Server) -> None:
    async with marketbus.connect([f"nats://127.0.0.1:{free_port()}", server.url]) as bus:
        assert bus.connected


async def test_the_environment_names_the_bus(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETBUS_URL", f"nats://127.0.0.1:{free_port()}, {server.url}")
    async with marketbus.connect() as bus:
        assert bus.connected


def test_a_bad_url_is_a_config_error_that_hides_secrets() -> None:
    with pytest.raises(ConfigError) as caught:
        marketbus.connect("http://user:secret@host")
    assert "secret" not in str(caught.value)


async def test_no_gateway_at_all(bus: Bus) -> None:
    with pytest.raises(BusUnavailable, match="no gateway is live"):
        await bus.contracts()
    assert await bus.gateways() == []


async def test_a_symbol_that_nobody_carries_comes_with_suggestions(worker: Worker, bus: Bus) -> None:
    with pytest.raises(UnknownInstrument) as caught:
        await anext(aiter(bus.ticks("SA2701.CZCE")))
    assert caught.value.suggestions == ("SA701.CZCE",)
    assert not worker.wishes.leases


async def test_a_text_that_is_no_pattern(worker: Worker, bus: Bus) -> None:
    with pytest.raises(SymbolError):
        bus.ticks("nonsense")
    with pytest.raises(SymbolError):
        bus.ticks()
    with pytest.raises(TypeError):
        bus.ticks(RB, gatewy="ctp")  # pyright: ignore[reportCallIssue, reportUnknownMemberType]


async def test_two_gateways_carry_it(server: Server, worker: Worker, bus: Bus) -> None:
    async with working(server.url, "ctp2", RB) as other:
        with pytest.raises(AmbiguousGateway) as caught:
            await anext(aiter(bus.ticks("rb*.SHFE")))
        assert caught.value.gateways == ("ctp", "ctp2")
        await other.tick(RB)
        async for tick in bus.ticks(RB, gateway="ctp2"):
            assert tick.gateway == "ctp2"
            break
        async with marketbus.connect(server.url, preferred="ctp2") as choosy:
            assert [tick.gateway for tick in await choosy.snapshot(RB)] == ["ctp2"]
            assert (await choosy.contract(RB)).gateway == "ctp2"


async def test_an_unknown_gateway_lists_the_live_ones(worker: Worker, bus: Bus) -> None:
    with pytest.raises(UnknownGateway) as caught:
        await anext(aiter(bus.ticks(RB, gateway="cpt")))
    assert caught.value.live == ("ctp",)
    with pytest.raises(UnknownGateway):
        await bus.reconnect("cpt")


async def test_a_gateway_that_is_still_syncing_is_waited_for(server: Server, bus: Bus) -> None:
    async with working(server.url, "ctp") as worker:
        task = asyncio.create_task(bus.contract(RB))
        await until(lambda: worker.asked.count("contracts") > 1)
        worker.book.update([contract("ctp", RB)])
        assert (await task).symbol == "rb2701"
        with pytest.raises(UnknownInstrument):
            await bus.contract("rb2799.SHFE", wait=0)


async def test_a_gateway_that_left_is_noticed(worker: Worker, bus: Bus) -> None:
    assert len(await bus.contracts("*.SHFE")) == 2
    await worker.stop()
    with pytest.raises((UnknownGateway, BusUnavailable)):
        await bus.contracts("*.SHFE")


async def test_the_operators_verbs(worker: Worker, bus: Bus) -> None:
    assert [status.gateway for status in await bus.gateways()] == ["ctp"]
    assert await bus.pin(RB) == {"ctp": [RB]}
    assert await bus.unpin(RB) == {"ctp": []}
    await bus.reconnect("ctp")
    await worker.tick(RB)
    assert [one.vt_symbol for one in await bus.subscriptions("ctp")] == [RB]
    stream = bus.statuses()
    await worker.report()
    assert (await anext(stream)).gateway == "ctp"
    await stream.aclose()


async def test_an_error_reply_is_the_error_that_the_gateway_raised(worker: Worker, bus: Bus) -> None:
    def refuse(*_: object) -> None:
        raise marketbus.NotSupported("no pins here", "use configuration")

    worker.reply = refuse  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(marketbus.NotSupported, match="no pins here"):
        await bus.pin(RB)


async def test_without_asyncio(server: Server, worker: Worker) -> None:
    await worker.tick(RB, 3)

    def script() -> list[int]:
        with marketbus.connect_sync(server.url) as bus:
            assert [one.symbol for one in bus.contracts("rb*.SHFE")] == ["rb2701"]
            assert bus.snapshot(RB)[0].seq == 3
            assert bus.gateways()[0].gateway == "ctp"
            seen: list[int] = []
            done = threading.Event()
            with bus.on_ticks(RB, lambda _: done.set()):
                assert done.wait(5)
            for tick in bus.ticks(RB):
                seen.append(tick.seq)
                asyncio.run_coroutine_threadsafe(worker.tick(RB), loop).result(5)
                if len(seen) == 4:
                    break
            for status in bus.statuses():
                assert status.gateway == "ctp"
                break
            with pytest.raises(UnknownInstrument):
                next(bus.ticks("xx.SHFE"))
        with pytest.raises(MarketBusError, match="closed"):
            bus.gateways()
        return seen

    loop = asyncio.get_running_loop()
    beat = asyncio.create_task(_beat(worker))
    assert await asyncio.to_thread(script) == [3, 4, 5, 6]
    beat.cancel()
    await until(lambda: not worker.wishes.leases)


async def _beat(worker: Worker) -> None:
    while True:
        await worker.report()
        await asyncio.sleep(0.05)


async def test_a_handler_of_the_sync_bus_must_not_wait_for_the_bus(server: Server, worker: Worker) -> None:
    await worker.tick(RB)

    def script() -> str:
        with marketbus.connect_sync(server.url) as bus:
            said: list[str] = []

            def handler(_: object) -> None:
                try:
                    bus.gateways()
                except MarketBusError as error:
                    said.append(str(error))

            with bus.on_ticks(RB, handler):
                return said[0]

    assert "inside a handler" in await asyncio.to_thread(script)


async def test_ctrl_c_ends_a_sync_loop_and_gives_the_lease_back(server: Server, worker: Worker) -> None:
    code = (
        "import marketbus\n"
        f"with marketbus.connect_sync('{server.url}') as bus:\n"
        f"    for tick in bus.ticks('{RB}'):\n"
        "        pass\n"
    )
    quiet = asyncio.subprocess.DEVNULL
    script = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=quiet)
    await until(lambda: "snapshot" in worker.asked)
    assert len(worker.wishes.leases) == 1
    script.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(script.wait(), 5) == -signal.SIGINT
    assert not worker.wishes.leases


async def test_the_calendar_is_asked_once_and_follows_the_markets_time(worker: Worker, bus: Bus) -> None:
    async def market(moment: str) -> None:
        worker.market_time = int(datetime.fromisoformat(f"{moment}+08:00").timestamp()) * 10**9
        await worker.report()

    await market("2026-09-30T14:59:00")
    calendar = await bus.calendar()
    assert (calendar.is_open(RB), calendar.next(), calendar.has_night()) == (True, date(2026, 10, 8), False)
    events = calendar.events(RB)
    following = asyncio.create_task(anext(events))
    await market("2026-09-30T14:59:59")
    await until(lambda: calendar.now().second == 59)
    assert not following.done()
    await market("2026-09-30T15:00:00")
    event = await following
    assert (event.edge, f"{event.time:%H:%M}") == (Edge.END, "15:00")
    await market("2026-10-08T09:00:01")  # set over the holiday: what lay between comes at once
    found = [await anext(events) for _ in range(3)]
    assert [(each.edge, f"{each.time:%m-%d %H:%M}") for each in found] == [
        (Edge.START, "10-08 08:55"),
        (Edge.END, "10-08 09:00"),
        (Edge.START, "10-08 09:00"),
    ]
    following = asyncio.create_task(anext(events))
    await market("2026-09-29T20:54:00")  # set back
    await until(lambda: calendar.now().month == 9)
    await market("2026-09-29T20:55:00")
    assert f"{(await following).time:%m-%d %H:%M}" == "09-29 20:55"
    await events.aclose()
    assert worker.asked.count("calendar") == 1
    with pytest.raises(UnknownGateway):
        await bus.calendar("nobody")


async def test_the_calendar_without_asyncio(server: Server, worker: Worker) -> None:
    worker.market_time = int(datetime.fromisoformat("2026-09-30T14:59:00+08:00").timestamp()) * 10**9

    def use(url: str) -> str:
        with marketbus.connect_sync(url) as bus:
            calendar = bus.calendar()
            for event in calendar.events(RB):
                return f"{calendar.next()} {event.edge}"
        return "nothing"

    asked = asyncio.create_task(asyncio.to_thread(use, server.url))
    await until(lambda: {"status", "calendar"} <= set(worker.asked))
    worker.market_time += 120 * 10**9
    while not asked.done():
        await worker.report()
        await asyncio.sleep(0.05)
    assert await asked == "2026-10-08 end"
