"""`marketbus check`: one line per thing that must be there."""

import sys
from pathlib import Path

import typer

from marketbus.apps import paths
from marketbus.apps.check import machine
from marketbus.apps.check.alerts import alerts
from marketbus.apps.check.bus import nats_server
from marketbus.apps.check.gateway import gateway
from marketbus.apps.check.terminal import terminal
from marketbus.apps.cli.run import run
from marketbus.apps.config import Config, InvalidConfig, load
from marketbus.apps.exit_codes import ExitCode
from marketbus.domain.errors import ConfigError
from marketbus.ports.gateway import Probe


def check(config: Path | None) -> int:
    """Print ok, or what to do, for each; gives the exit code."""
    loaded, problems = _configuration(config)
    failed = _show(problems)
    failed |= _show([machine.state_dir(paths.state_dir()), machine.locale(), machine.clock(), machine.accelerator()])
    if sys.platform == "linux":
        failed |= _show(terminal())
    if loaded is not None:
        failed |= _show([run(nats_server(loaded))])
        failed |= _show(alerts(loaded))
        for name in loaded.gateways:
            failed |= _show(run(gateway(loaded.gateway_spec(name))))
    if not failed:
        return ExitCode.STOPPED
    return ExitCode.FAILURE if loaded is not None else ExitCode.USAGE


def _configuration(path: Path | None) -> tuple[Config | None, list[Probe]]:
    try:
        config = load(path)
    except InvalidConfig as error:
        return None, [Probe("configuration", False, line) for line in str(error).splitlines()]
    except ConfigError as error:
        return None, [Probe("configuration", False, str(error))]
    named = ", ".join(config.gateways) or "no gateway is configured; `marketbus up --demo` needs none"
    return config, [Probe("configuration", True, f"{config.path or 'environment'}: {named}")]


def _show(probes: list[Probe]) -> bool:
    for probe in probes:
        mark = typer.style("ok  ", fg="green") if probe.ok else typer.style("TODO", fg="red", bold=True)
        typer.echo(f"{mark} {probe.what}: {probe.detail}")
    return any(not probe.ok for probe in probes)
