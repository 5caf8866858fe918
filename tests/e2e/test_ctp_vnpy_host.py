"""Any vnpy gateway under kind "vnpy": a third party's small one, and the stock CTP gateway itself."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest

import marketbus
from marketbus.apps import china_locale, worker_environment
from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import build
from tests.system import Process, Recorder, System, eventually, past_python

ROOT = Path(__file__).parents[2]


def quotes(system: System, *subscribe: str, **keys: Any) -> Process:
    section = {
        "kind": "vnpy",
        "class": "tests.system.quotes:QuotesGateway",
        "subscribe": list(subscribe),
        "setting": {"user": "me", "noise": 0},
    }
    file = system.config(quotes=section | keys)
    return system.start(file, "quotes", {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"})


async def test_a_third_partys_gateway_is_hosted_by_its_class_alone(system: System) -> None:
    worker = quotes(system, "600000.SSE")
    async with system.connect() as bus:
        status = await system.ready(bus, "quotes")
        assert status.kind == "vnpy"
        assert not status.simulated
        assert status.native["market_data"] == past_python.expected()
        assert "unsubscribe" not in status.capabilities
        status = await system.until(bus, lambda s: s.contracts == 3 and s.acknowledged == 1, "contracts", "quotes")
        contract = await bus.contract("BTC/USDT.GLOBAL")
        assert (contract.name, contract.size) == ("合约BTC/USDT", 10)
        seen = Recorder()
        async with await seen.follow(bus, "rb2701.SHFE", "BTC/USDT.GLOBAL"):
            await eventually(lambda: len(seen.live) > 100, "ticks")
        assert {tick.symbol for tick in seen.ticks} == {"rb2701", "BTC/USDT"}
        assert not seen.gaps
        for tick in seen.live:
            assert tick.last_price == 3000 + tick.volume  # its TickData is used again: nothing may alias
            assert tick.limit_up is None
            assert (tick.bid_price_1, tick.bid_volume_1, tick.ask_volume_1) == (tick.last_price - 1, 5, 0)
            assert abs(tick.received - tick.datetime) < 5 * 10**9
        await eventually(lambda: "timer 2" in worker.words(), "the timer goes on though its handler raises")
        worker.send(signal.SIGTERM)
        assert worker.wait(5) == 0  # its close would never return
    assert "connecting as me" in worker.words()
    assert "timer handler: RuntimeError: a timer handler that raises" in worker.words()


async def test_what_a_hosted_gateway_gets_wrong_is_counted(system: System) -> None:
    worker = quotes(system, "rb2701.SHFE", setting={"user": "me", "noise": 1})
    async with system.connect() as bus:
        status = await system.until(bus, lambda s: s.rejects.get("bad_tick", 0) > 10, "rejects", "quotes")
        assert status.ticks > 10
        with pytest.raises(marketbus.UnknownInstrument):
            await bus.contract("zz9999.SHFE", wait=0)
    assert worker.code is None


async def test_a_call_that_never_returns_replaces_the_worker(system: System) -> None:
    worker = quotes(system, setting={"user": "sleeper", "noise": 0}, call_timeout=1.0)
    assert await asyncio.to_thread(worker.wait) == 70
    assert "the SDK did not return from connect within 1 s; the worker will be replaced" in worker.words()
    assert "Traceback" not in worker.words()


async def test_a_class_that_is_not_there_is_a_configuration_error(system: System) -> None:
    for path, said in (
        ("no_such_package:Gateway", "cannot import no_such_package:Gateway"),
        ("tests.system.quotes:Nobody", "cannot import tests.system.quotes:Nobody"),
        ("json:JSONDecoder", "json:JSONDecoder is not a vnpy BaseGateway"),
    ):
        worker = quotes(system, **{"class": path})
        assert await asyncio.to_thread(worker.wait) == 64
        assert f"gateway.quotes.class: {said}" in worker.words()
        assert "Traceback" not in worker.words()


async def test_the_stock_ctp_gateway_runs_hosted(system: System) -> None:
    """Unmodified vnpy_ctp under the generic host, its library replaced by the simulated one through the loader."""
    libraries = build.library_dir(CTP)
    china_locale.ensure()
    preload = ":".join(str(libraries / name) for name in CTP.libraries.values())
    section = system.gateway("IF2612.CFFEX") | {"kind": "vnpy", "class": "vnpy_ctp:CtpGateway", "sdk": "vendor"}
    file = system.config(stock=section)
    command = worker_environment.command("stock", file, base=system.env)
    began = time.monotonic()
    worker = system.process("worker-stock", *command.argv, env={**command.env, "LD_PRELOAD": preload}, cwd=command.cwd)
    async with system.connect() as bus:
        status = await system.until(bus, lambda s: s.contracts == 300, "contracts", "stock")
        assert status.kind == "vnpy"
        assert status.sdk.startswith("vendor vnpy_ctp")
        seen = Recorder()
        async with await seen.follow(bus, "rb2701.SHFE", "IF2612.CFFEX"):
            await eventually(lambda: len({tick.symbol for tick in seen.live}) == 2, "ticks")
        assert time.monotonic() - began < 30
        tick = next(tick for tick in seen.live if tick.symbol == "rb2701")
        assert tick.name == "螺纹钢2701"
        assert tick.trading_day == 20261120
        assert tick.limit_up == system.lab.exchange.upper_limit[system.lab.exchange.rows["rb2701"]]
        worker.send(signal.SIGTERM)
        assert worker.wait(5) == 0
    assert "行情服务器登录成功" in worker.words()  # the gateway's own sentence
