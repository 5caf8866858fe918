"""What a worker process must find before anything imports an SDK: time zone, locale, a folder of its own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from marketbus.apps import china_locale, paths


class WorkerCommand(msgspec.Struct, frozen=True):
    """How to start one worker."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = {}
    cwd: Path | None = None


def environment(nats_url: str | None = None, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment of a worker. `nats_url`: of the embedded server, when the configuration names none."""
    env = dict(base)
    env["TZ"] = "Asia/Shanghai"  # several vnpy gateways read the machine's time zone
    env["PYTHONUNBUFFERED"] = "1"
    env["PYTHONUTF8"] = "1"  # with LOCPATH set glibc no longer finds the user's own locale
    env["MARKETBUS_STATE"] = str(paths.state_dir(base))
    if nats_url is not None:
        env["MARKETBUS__NATS__URL"] = nats_url
    if not china_locale.system_has_it() and (locpath := china_locale.own_locpath()) is not None:
        env["LOCPATH"] = str(locpath)
    return env


def folder(state: Path, gateway: str) -> Path:
    """The worker's working directory; `.vntrader` in it keeps vnpy from writing to the user's home."""
    private = paths.private(paths.gateway_dir(state, gateway))
    (private / ".vntrader").mkdir(exist_ok=True)
    return private


def command(
    gateway: str, config: Path | None, nats_url: str | None = None, base: Mapping[str, str] = os.environ
) -> WorkerCommand:
    """The command that runs a gateway's worker."""
    argv = [sys.executable, "-m", "marketbus.apps.worker", gateway]
    if config is not None:
        argv += ["-c", str(config.resolve())]
    env = environment(nats_url, base)
    return WorkerCommand(tuple(argv), env, folder(Path(env["MARKETBUS_STATE"]), gateway))
