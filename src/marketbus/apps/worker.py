"""A worker: one gateway in one process. `python -m marketbus.apps.worker NAME [-c FILE]`."""

import argparse
import asyncio
import faulthandler
import gc
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import uvloop

from marketbus.apps import logs as log_output
from marketbus.apps.bootstrap import worker
from marketbus.apps.config import Config, load
from marketbus.apps.exit_codes import ExitCode
from marketbus.apps.import_later import CHARTS, import_later
from marketbus.apps.logs import Logs
from marketbus.apps.report_line import ReportLine
from marketbus.domain.errors import BusUnavailable, ConfigError, MarketBusError
from marketbus.domain.status import Level

SWITCH = 0.0005
"""Seconds of CPython's switch interval: the default of 5 ms lets a busy SDK thread starve the writer."""
STOP = 2.5
"""Seconds for a graceful end; then the process ends anyway."""


def run(config_path: Path | None, name: str) -> int:
    """Run a gateway until it is stopped or must be replaced; gives the exit code.

    The caller must end the process with `os._exit`: native SDKs crash or hang at interpreter shutdown.
    """
    try:
        config = load(config_path, gateway=name)
    except MarketBusError as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.CONFIG
    import_later(CHARTS)
    sys.setswitchinterval(SWITCH)
    log_output.configure(config.log.format, config.log.level)
    logs = Logs(log_output.language(config.log.lang), name)
    line = ReportLine.inherited()
    logs.report = line.tell
    code = int(ExitCode.FAILURE)
    try:
        code = uvloop.run(_serve(config, name, logs, line))
    except* MarketBusError as errors:
        if errors.subgroup(ConfigError):
            code = int(ExitCode.CONFIG)
        for error in _single(errors):
            logs.log(Level.ERROR, "worker.failed", detail=str(error))
    return code


def _single(errors: BaseExceptionGroup[MarketBusError]) -> Iterator[MarketBusError]:
    """The errors themselves, however deep the task groups they came through."""
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _single(error)
        else:
            yield error


async def _serve(config: Config, name: str, logs: Logs, line: ReportLine) -> int:
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    stop = asyncio.create_task(asked.wait())
    live = asyncio.create_task(_live(config, name, logs, line))
    await asyncio.wait({stop, live}, return_when=asyncio.FIRST_COMPLETED)
    if live.done():
        return live.result()
    logs.log(Level.INFO, "gateway.stopping")
    live.cancel()
    await asyncio.wait({live}, timeout=STOP)
    return ExitCode.STOPPED


async def _live(config: Config, name: str, logs: Logs, line: ReportLine) -> int:
    async with worker(config, name, logs, line) as parts:
        gc.freeze()  # the modules stay for ever; to look through them takes 60 ms, in which no order goes out
        lost = asyncio.create_task(parts.lease.hold())
        closed = asyncio.create_task(parts.bus_closed.wait())
        work = [
            asyncio.create_task(parts.host.run(parts.gateway)),
            *(asyncio.create_task(duty()) for duty in parts.duties),
            asyncio.create_task(_stay_alive(config.gateway(name).call_timeout)),
        ]
        try:
            done, _ = await asyncio.wait({lost, closed, parts.host.ended, *work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            faulthandler.cancel_dump_traceback_later()
            for task in (lost, closed, *work):
                task.cancel()
            await asyncio.wait({lost, closed, *work}, timeout=STOP / 4)
        if parts.host.ended in done:
            return ExitCode.REPLACE
        if lost in done:
            logs.log(Level.ERROR, "gateway.stepped_down")
            return ExitCode.STEPPED_DOWN
        if closed in done:
            raise BusUnavailable("NATS ended the connection for good", "see its words above: permissions, credentials")
        for task in done:
            task.result()
        raise AssertionError("a task of the worker ended without a reason")


async def _stay_alive(patience: float) -> None:
    """End the process when the loop has not turned for `patience` seconds, tracebacks on stderr.

    An SDK call that holds the GIL for ever stops every thread; faulthandler's timer runs without the GIL, so it works
    when nothing else in this process does.
    """
    while True:
        faulthandler.dump_traceback_later(patience, exit=True)
        await asyncio.sleep(patience / 10)


def main() -> None:
    """Entry of the process."""
    parser = argparse.ArgumentParser(prog="marketbus.apps.worker")
    parser.add_argument("gateway")
    parser.add_argument("-c", "--config", type=Path)
    arguments = parser.parse_args()
    code = 1
    try:
        code = run(arguments.config, arguments.gateway)
    except Exception:  # noqa: BLE001 (the process ends below without the interpreter's own report)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
