"""The four verbs of IPCNode over a real NATS server."""

import asyncio
import operator
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest

import marketbus
from marketbus.domain.errors import BadPayload, BadRequest, BusUnavailable
from marketbus.ipc import MAX_BYTES, IPCNode, RemoteError, UnknownTarget
from tests.unit.client.fakes import Server, free_port, running_server, until, working


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    with running_server(tmp_path) as one:
        yield one


@pytest.fixture
async def risk(server: Server) -> AsyncGenerator[IPCNode, None]:
    async with IPCNode("risk", server.url) as one:
        yield one


@pytest.fixture(params=["json", "msgpack"])
async def caller(server: Server, request: pytest.FixtureRequest) -> AsyncGenerator[IPCNode, None]:
    async with IPCNode("strategy", server.url, encoding=request.param, timeout=0.5) as one:
        yield one


async def test_a_registered_function_is_called(risk: IPCNode, caller: IPCNode) -> None:
    async def slowly(symbol: str, volume: int = 1) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"symbol": symbol, "volume": volume}

    await risk.register("add", operator.add)
    await risk.register("检查", slowly)
    assert await caller.call("risk", "add", 2, 3) == 5
    assert await caller.call("risk", "检查", symbol="rb2701.SHFE") == {"symbol": "rb2701.SHFE", "volume": 1}


async def test_what_goes_wrong_has_a_type(risk: IPCNode, caller: IPCNode) -> None:
    def fail() -> None:
        raise ZeroDivisionError("by zero")

    def one(a: str) -> str:
        return a

    async def never() -> None:
        await asyncio.sleep(60)

    await risk.register("fail", fail)
    await risk.register("one", one)
    await risk.register("odd", object)
    await risk.register("never", never)
    with pytest.raises(RemoteError, match="ZeroDivisionError: by zero"):
        await caller.call("risk", "fail")
    with pytest.raises(UnknownTarget, match=r"risk\.nothing"):
        await caller.call("risk", "nothing")
    with pytest.raises(BadRequest):
        await caller.call("risk", "one", b=1)
    with pytest.raises(BadPayload):
        await caller.call("risk", "odd")
    with pytest.raises(BadPayload, match="limit"):
        await caller.call("risk", "one", "x" * MAX_BYTES)
    with pytest.raises(BusUnavailable, match="did not answer"):
        await caller.call("risk", "never")


async def test_everyone_on_a_channel_hears_a_broadcast(risk: IPCNode, caller: IPCNode) -> None:
    heard: list[Any] = []
    awaited: list[Any] = []

    async def listen(message: Any) -> None:
        awaited.append(message)

    await risk.subscribe("alerts.rb", heard.append)
    await risk.subscribe("alerts.*", listen)
    await caller.broadcast("alerts.rb", {"text": "停", "level": 3})
    await caller.broadcast("alerts.au", [1, None])
    await until(lambda: len(awaited) == 2)
    assert heard == [{"text": "停", "level": 3}]
    assert awaited[1] == [1, None]


async def test_a_bad_message_or_handler_ends_nothing(risk: IPCNode, caller: IPCNode) -> None:
    heard: list[int] = []

    def inverse(number: int) -> None:
        heard.append(1 // number)

    await risk.subscribe("numbers", inverse)
    client = caller._client()  # pyright: ignore[reportPrivateUsage]
    await client.publish("ipc.pub.numbers", b"\xff{")
    await caller.broadcast("numbers", 0)
    await caller.broadcast("numbers", 1)
    await until(lambda: heard == [1])
    assert (risk.bad_payloads, risk.handler_errors) == (1, 1)


async def test_a_tick_channel(server: Server) -> None:
    async with working(server.url, "ctp", "rb2701.SHFE") as worker, marketbus.connect(server.url) as bus:
        await worker.tick("rb2701.SHFE")
        async with IPCNode("screen", server.url, bus=bus) as node:
            seen: list[str] = []

            def on_tick(tick: marketbus.Tick) -> None:
                seen.append(tick.vt_symbol)

            await node.subscribe("tick:rb2701.SHFE", on_tick)
            assert seen == ["rb2701.SHFE"]
        assert not worker.wishes.leases
    async with IPCNode("screen", server.url) as node:
        with pytest.raises(BadRequest):
            await node.subscribe("tick:rb2701.SHFE", print)


async def test_no_nats() -> None:
    with pytest.raises(BusUnavailable, match="no NATS"):
        await IPCNode("a", f"nats://127.0.0.1:{free_port()}").open()
