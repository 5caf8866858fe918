"""`marketbus alerts test`: one labelled message to every target, and what became of it."""

import asyncio
import getpass
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import typer

from marketbus.application.alerts.words import Words
from marketbus.apps.cli.run import run
from marketbus.apps.config import Config, load
from marketbus.apps.config.alert_targets import notifiers
from marketbus.apps.exit_codes import ExitCode
from marketbus.domain.alert import Alert, Severity
from marketbus.domain.errors import ConfigError
from marketbus.ports.notifier import NotDelivered, Notifier


def test(config: Path | None) -> int:
    """Send to all at once, print one line for each; gives the exit code: 0 when all of them took it."""
    loaded = load(config)
    return run(_test(loaded, notifiers(loaded)))


async def _test(config: Config, targets: Sequence[Notifier]) -> int:
    if not targets:
        raise ConfigError("alerts.to", "names no target", "see docs/alerts.md")
    taken = await asyncio.gather(*(_one(config, place, notifier) for place, notifier in enumerate(targets)))
    return ExitCode.STOPPED if all(taken) else ExitCode.FAILURE


async def _one(config: Config, place: int, notifier: Notifier) -> bool:
    section, host = config.alerts, socket.gethostname()
    fields = {"user": _user(), "host": host}
    alert = Alert("alerts.test", "supervisor", Severity.INFO, time.time_ns(), {**fields})
    text = Words(section.to[place].lang or section.lang, host).one(alert)
    began = time.monotonic()
    try:
        await notifier.send(text.title, text.body, alert.severity)
    except NotDelivered as error:
        typer.echo(f"{typer.style('TODO', fg='red', bold=True)} {notifier.name}: {error.message}")
        return False
    typer.echo(f"{typer.style('ok  ', fg='green')} {notifier.name}: taken after {time.monotonic() - began:.1f} s")
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "?"
