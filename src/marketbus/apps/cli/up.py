"""`marketbus up` and `marketbus gateway`: run the bus, or one worker of it."""

import os
import subprocess
import sys
from pathlib import Path

import typer

from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.options import NatsOptions
from marketbus.apps import china_locale, logs, paths, worker_environment
from marketbus.apps.cli.run import run
from marketbus.apps.config import Config, load
from marketbus.apps.nats_options import nats_options
from marketbus.apps.supervisor.up import Command, Supervisor
from marketbus.apps.worker_environment import WorkerCommand

REACH = 5.0
"""Seconds that a configured NATS has to answer at start."""


def up(config: Path | None, duration: float | None) -> int:
    """Run until a signal or the end of `duration` (seconds); gives the exit code."""
    loaded = load(config)
    if loaded.nats.url and loaded.gateways:
        run(_reach(nats_options(loaded, "marketbus supervisor")))
    _prepare_locale()
    supervisor = Supervisor(loaded, paths.state_dir(), _worker_commands(loaded), _logs(loaded))
    return run(supervisor.run(duration))


def demo(duration: float | None, *, ib: bool = False) -> int:
    """The same with a simulated counter, and a simulated TWS if `ib`; gives the exit code."""
    from marketbus.apps.demo.demo import run_demo

    return run(run_demo(duration, ib=ib))


def gateway(name: str, config: Path | None) -> int:
    """Become the worker of a gateway. Returns on Windows only: the worker's exit code."""
    loaded = load(config, gateway=name)
    _prepare_locale()
    command = worker_environment.command(name, loaded.path)
    if sys.platform != "win32":  # there exec starts a second process and ends the first
        # The locale, time zone and folder count from the first instruction of a process: become that process.
        os.chdir(command.cwd or Path.cwd())
        os.execve(command.argv[0], command.argv, dict(command.env))  # noqa: S606
    return subprocess.run(command.argv, env=command.env, cwd=command.cwd, check=False).returncode


async def _reach(options: NatsOptions) -> None:
    """A bus that nobody can reach is a mistake to be told before anything starts; one lost later is waited for."""
    await close_connection(await open_connection(options, ignore, within=REACH))


def _prepare_locale() -> None:
    """Not every SDK needs it, so a failure is said and no more."""
    try:
        china_locale.ensure()
    except china_locale.LocaleError as error:
        typer.echo(f"marketbus: {error}", err=True)


def _logs(config: Config) -> logs.Logs:
    logs.configure(config.log.format, config.log.level)
    return logs.Logs(logs.language(config.log.lang), "supervisor")


def _worker_commands(config: Config) -> Command:
    def command(gateway: str, nats_url: str | None) -> WorkerCommand:
        return worker_environment.command(gateway, config.path, nats_url)

    return command
