"""Simulated counter (and TWS) → the real SDK → NATS → a board, in one command."""

import json
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from marketbus.adapters.nats.options import NatsOptions
from marketbus.apps import china_locale, logs, worker_environment
from marketbus.apps.config import load
from marketbus.apps.demo.counter import Addresses, simulated_counter, simulated_tws
from marketbus.apps.demo.first_order import first_order
from marketbus.apps.demo.screen import Above, live_board, piped, tick_lines
from marketbus.apps.supervisor.up import Side, Supervisor
from marketbus.apps.worker_environment import WorkerCommand
from marketbus.domain.errors import MarketBusError
from marketbus.domain.status import Level

GATEWAY = "ctp-demo"
ACCOUNT = "demo"
PINS = ("rb*.SHFE", "IF*.CFFEX", "au*.SHFE", "SA*.CZCE", "m*.DCE", "sc*.INE", "si*.GFEX")
RATE = 200.0
INSTRUMENTS = 100
IB = "ib-demo"
IB_PINS = ("AAPL-USD-STK.SMART", "MSFT-USD-STK.SMART", "SPY-USD-STK.SMART", "ES-*-USD-FUT.CME", "EUR-USD-CASH.IDEALPRO")
IB_RATE = 20.0
"""Trades a second; TWS tells each in several messages."""


async def run_demo(duration: float | None, *, ib: bool = False) -> int:
    """Run until a signal or the end of `duration` (seconds); everything on disk is gone afterwards.

    `ib`: a simulated TWS and its gateway beside the counter, on the same bus and board.
    """
    began = time.monotonic()
    china_locale.ensure()
    _libraries()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="marketbus-demo-")))
        side: Side = tick_lines
        stderr: int | None = None
        stream: logs.Writable = sys.stderr
        if sys.stdout.isatty() and sys.platform != "win32":
            console = Console()
            stream = above = Above(console)
            stderr = stack.enter_context(piped(above))

            async def board(options: NatsOptions) -> None:
                await live_board(options, console)

            side = board
        # [nats] and [log] may come from the environment as always; real gateways have no place beside a simulated one.
        hidden = ("MARKETBUS__GATEWAY__", "MARKETBUS_CONFIG")
        env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        env["MARKETBUS_STATE"] = str(folder / "state")
        settings = load(_write(folder / "none.toml", ""), env=env).log
        logs.configure(settings.format, settings.level, stream)
        log = logs.Logs(logs.language(settings.lang), "supervisor")
        counter, addresses = await stack.enter_async_context(simulated_counter(RATE, INSTRUMENTS, stderr))
        children = [counter]
        log.log(Level.INFO, "lab.started", md=addresses.md, td=addresses.td)
        configuration = _configuration(addresses)
        if ib and find_spec("ib_async") is None:
            log.log(Level.WARNING, "demo.no_ib")
        elif ib:
            tws, address = await stack.enter_async_context(simulated_tws(IB_RATE, stderr))
            children.append(tws)
            log.log(Level.INFO, "lab.tws_started", address=address.tws)
            configuration += _ib(address.port)
        log.log(Level.WARNING, "gateway.simulated")
        file = _write(folder / "marketbus.toml", configuration)

        def command(gateway: str, nats_url: str | None) -> WorkerCommand:
            return worker_environment.command(gateway, file, nats_url, env)

        async def hint(options: NatsOptions) -> None:
            await first_order(options, GATEWAY, PINS[0], log)

        supervisor = Supervisor(
            load(file, env=env),
            folder / "state",
            command,
            log,
            sides=[side, hint],
            children=children,
            stderr=stderr,
            began=began,
        )
        return await supervisor.run(duration)


def _configuration(addresses: Addresses) -> str:
    setting = {
        "用户名": "demo",
        "密码": "demo",
        "经纪商代码": "9999",
        "交易服务器": addresses.td,
        "行情服务器": addresses.md,
        "产品名称": "marketbus",
        "授权编码": "0000000000000000",
        "柜台环境": "测试",
    }
    table = ", ".join(f'"{key}" = {json.dumps(value, ensure_ascii=False)}' for key, value in setting.items())
    text = f'[nats]\nport = 0\n\n[gateway.{GATEWAY}]\nkind = "ctp"\nsdk = "lab"\n'
    text += f'trading = true\naccount = "{ACCOUNT}"\n'
    return text + f"subscribe = {json.dumps(PINS)}\nsetting = {{ {table} }}\n"


def _ib(port: int) -> str:
    text = f'\n[gateway.{IB}]\nkind = "ib"\nsdk = "lab"\ntrading = true\naccount = "{ACCOUNT}"\n'
    return text + f"subscribe = {json.dumps(IB_PINS)}\nsetting = {{ port = {port} }}\n"


def _write(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file


def _libraries() -> None:
    from marketbus.lab.ctp import CTP
    from marketbus.lab.ctp_family import build
    from marketbus.lab.errors import LabError

    try:
        build.ensure(CTP, echo=lambda text: sys.stderr.write(f"{text}\n"))
    except LabError as error:
        raise MarketBusError(" ".join(str(error).split())) from None
