"""Simulated counter → the real SDK → NATS → a board, in one command."""

import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from marketbus.adapters.nats.options import NatsOptions
from marketbus.apps import china_locale, logs, worker_environment
from marketbus.apps.config import load
from marketbus.apps.demo.counter import Addresses, simulated_counter
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


async def run_demo(duration: float | None) -> int:
    """Run until a signal or the end of `duration` (seconds); everything on disk is gone afterwards."""
    began = time.monotonic()
    china_locale.ensure()
    _libraries()
    with ExitStack() as stack:
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
        async with simulated_counter(RATE, INSTRUMENTS, stderr) as (counter, addresses):
            log.log(Level.INFO, "lab.started", md=addresses.md, td=addresses.td)
            log.log(Level.WARNING, "gateway.simulated")
            file = _write(folder / "marketbus.toml", _configuration(addresses))

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
                children=[counter],
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
