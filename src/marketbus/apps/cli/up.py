"""`marketbus up` and `marketbus gateway`: run the bus, or one worker of it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from marketbus.apps import china_locale, logs, paths, worker_environment
from marketbus.apps.cli.options import ConfigFile
from marketbus.apps.cli.run import run
from marketbus.apps.config import Config, load
from marketbus.apps.supervisor.up import Command, Supervisor
from marketbus.apps.worker_environment import WorkerCommand


def up(
    config: ConfigFile = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="A simulated counter, its gateway and a live board; needs no configuration.")
    ] = False,
    duration: Annotated[
        float | None, typer.Option(min=0.0, metavar="SECONDS", help="Stop by itself after so many seconds.")
    ] = None,
) -> None:
    """Run every configured gateway, and a NATS server when none is configured. Ctrl-C stops; twice kills."""
    if demo:
        from marketbus.apps.demo.demo import run_demo

        raise typer.Exit(run(run_demo(duration)))
    loaded = load(config)
    _prepare_locale()
    supervisor = Supervisor(loaded, paths.state_dir(), _worker_commands(loaded), configured_logs(loaded, "supervisor"))
    raise typer.Exit(run(supervisor.run(duration)))


def gateway(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A gateway of the configuration.")],
    config: ConfigFile = None,
) -> None:
    """Run one gateway's worker in the foreground, on this machine; it needs a NATS server that runs already."""
    loaded = load(config, gateway=name)
    _prepare_locale()
    command = worker_environment.command(name, loaded.path)
    if sys.platform == "win32":  # there exec starts a second process and ends the first
        raise typer.Exit(subprocess.run(command.argv, env=command.env, cwd=command.cwd, check=False).returncode)
    # The locale, time zone and folder count from the first instruction of a process: become that process.
    os.chdir(command.cwd or Path.cwd())
    os.execve(command.argv[0], command.argv, dict(command.env))  # noqa: S606


def _prepare_locale() -> None:
    """Not every SDK needs it, so a failure is said and no more."""
    try:
        china_locale.ensure()
    except china_locale.LocaleError as error:
        typer.echo(f"marketbus: {error}", err=True)


def configured_logs(config: Config, name: str) -> logs.Logs:
    """The log as the configuration wants it."""
    logs.configure(config.log.format, config.log.level)
    return logs.Logs(logs.language(config.log.lang), name)


def _worker_commands(config: Config) -> Command:
    def command(gateway: str, nats_url: str | None) -> WorkerCommand:
        return worker_environment.command(gateway, config.path, nats_url)

    return command
