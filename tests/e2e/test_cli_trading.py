"""Orders from the command line, on the stock options counter: what it prints, and what its exit codes say."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system import KINDS, System, eventually

CLI = (sys.executable, "-m", "marketbus.apps.main")


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with System(tmp_path, kind=KINDS[1]) as system:
        yield system


class Terminal:
    """A shell on the bus."""

    def __init__(self, system: System) -> None:
        self._folder = system.folder
        self._env = system.env | {"MARKETBUS_URL": system.nats.url, "MARKETBUS_PRINCIPAL": "li", "NO_COLOR": "1"}

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *CLI,
            *arguments,
            cwd=self._folder,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), errors.decode()

    async def found(self, *arguments: str) -> list[dict[str, Any]]:
        code, out, errors = await self.run(*arguments, "--json")
        assert code == 0, errors
        return [json.loads(line) for line in out.splitlines()]

    async def buy(self, one: str, price: float, *more: str, volume: str = "1") -> tuple[int, str, str]:
        return await self.run(
            "order",
            "send",
            one,
            "--direction",
            "long",
            "--offset",
            "open",
            "--volume",
            volume,
            "--price",
            f"{price:g}",
            *more,
        )


async def test_a_session_at_a_terminal(system: System) -> None:
    one = system.kind.one
    system.worker(one, trading=True, risk={"max_price_age": 3600.0})
    async with system.connect() as bus:
        await system.ready(bus)

        async def has_tick() -> bool:
            return bool(await bus.snapshot(one))

        await eventually(has_tick, "a tick")
    system.lab.control.call("pause")  # prices stay
    depth = system.lab.call(lambda lab: lab.terminal._venue.depth(one.partition(".")[0]))  # pyright: ignore[reportPrivateUsage]
    low, ask = float(depth.lower), float(depth.asks[0][0])
    control, terminal = system.lab.control, Terminal(system)

    code, out, errors = await terminal.buy(one, low, "--id", "rests-1", "--reference", "by hand")
    assert (code, errors) == (0, "")
    assert f"{one} " in out
    assert "ACCEPTED 0/1  rests-1  by hand" in out

    code, out, errors = await terminal.buy(one, low, volume="11")
    assert (code, out) == (3, "")
    assert errors.startswith("marketbus: DENIED by max_order_volume: 11 lots in one order, the limit is 10 / ")
    assert "单笔委托 11 手" in errors

    control.reject_orders(31)
    code, out, errors = await terminal.buy(one, low, "--json")
    assert code == 4
    assert (json.loads(out)["state"], json.loads(out)["error_id"]) == ("REJECTED", 31)
    assert errors.startswith("marketbus: REJECTED: [31] ")
    assert "可用资金不足以支付保证金和手续费" in errors
    control.reject_orders()

    control.venue(hold=True)
    code, out, errors = await terminal.buy(one, ask, "--wait", "0.2", "--id", "held-1")
    assert (code, out) == (5, "")
    assert "order held-1 is SENT" in errors
    control.venue(hold=False)

    found = {order["client_order_id"]: order for order in await terminal.found("order", "list")}
    assert len(found) == 4
    assert (found["rests-1"]["origin"], found["rests-1"]["reference"]) == ("li", "by hand")
    code, out, errors = await terminal.run("order", "cancel", "rests-1")
    assert code == 0, (out, errors)
    assert "CANCELLED 0/1" in out
    code, _, errors = await terminal.run("order", "cancel", "nobody")
    assert code == 1
    assert "no order 'nobody' of account main" in errors
    code, out, _ = await terminal.run("account")
    assert code == 0
    assert out.startswith("ctp/main  balance ")
