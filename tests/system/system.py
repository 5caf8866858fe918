"""One whole system on loopback, everything of it stopped at the end."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import marketbus
from marketbus import GatewayStatus
from marketbus.apps import china_locale, worker_environment
from tests.system.config import write_config
from tests.system.kind import KINDS, Kind
from tests.system.lab import Lab
from tests.system.nats import NatsServer
from tests.system.poll import eventually
from tests.system.process import Process
from tests.system.tws import Tws

GATEWAY = "ctp"
Check = Callable[[GatewayStatus], object]


class System:
    """nats-server, counter (or TWS) and workers. `lab`: what the counter is told, see LabOptions and TwsOptions;
    `nats`: as NatsServer.
    """

    def __init__(
        self, folder: Path, lab: Mapping[str, Any] | None = None, nats: str = "", kind: Kind = KINDS[0]
    ) -> None:
        china_locale.ensure()
        self.folder = folder
        self.kind = kind
        self.logs: dict[str, Path] = {}
        self.nats = NatsServer(folder, nats)
        self._lab_options = dict(lab or {})
        self._ends = ExitStack()
        # MARKETBUS_NATIVE=0: every test holds without the accelerator too.
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MARKETBUS_") or name == "MARKETBUS_NATIVE"
        }
        self.env = kept | {"MARKETBUS_STATE": str(folder / "state"), "MARKETBUS_LANG": "en"}

    def __enter__(self) -> Self:
        self.logs["nats-server"] = self.nats.log
        self.nats.start()
        self._ends.callback(self.nats.stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    @cached_property
    def lab(self) -> Lab:
        """The counter, started when it is first asked for."""
        lab = Lab(self.kind.dialect, **self._lab_options)
        self._ends.callback(lab.stop)
        return lab

    @cached_property
    def tws(self) -> Tws:
        """The simulated TWS, started when it is first asked for."""
        tws = Tws(**({"rate": 200.0} | self._lab_options))
        self._ends.callback(tws.stop)
        return tws

    @property
    def subscribed(self) -> set[str]:
        """Symbols that somebody has subscribed at the venue."""
        return self.tws.subscribed if self.kind.family is None else self.lab.subscribed

    def gateway(self, *subscribe: str, **keys: Any) -> dict[str, Any]:
        """A gateway's section on our counter; `setting` is merged into vnpy's."""
        if self.kind.family is None:
            where, more = {"port": self.tws.port}, {"login_retry": 0.3}
        else:
            where, more = {"交易服务器": self.lab.td, "行情服务器": self.lab.md}, {}
        setting = self.kind.setting | where | keys.pop("setting", {})
        return {"kind": self.kind.name, "sdk": "lab", "subscribe": list(subscribe), "setting": setting} | more | keys

    def config(self, file: str = "marketbus.toml", **gateways: Mapping[str, Any]) -> Path:
        """A configuration on our nats-server."""
        return write_config(self.folder / file, {"url": self.nats.url}, gateways)

    def worker(
        self, *subscribe: str, name: str = GATEWAY, env: Mapping[str, str] | None = None, **keys: Any
    ) -> Process:
        """Starts a worker, as the supervisor does."""
        return self.start(self.config(f"{name}.toml", **{name: self.gateway(*subscribe, **keys)}), name, env)

    def start(self, config: Path, name: str = GATEWAY, env: Mapping[str, str] | None = None) -> Process:
        """Starts a worker of a configuration that is there."""
        command = worker_environment.command(name, config, base=self.env | dict(env or {}))
        return self.process(f"worker-{name}", *command.argv, env=command.env, cwd=command.cwd)

    def standby(self, name: str = GATEWAY) -> Process:
        """Starts a second worker of a name, from the first one's configuration."""
        command = worker_environment.command(name, self.folder / f"{name}.toml", base=self.env)
        return self.process(f"standby-{name}", *command.argv, env=command.env, cwd=command.cwd)

    def process(self, title: str, *argv: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Process:
        """Starts anything; `title` names its log."""
        log = self.logs.setdefault(title, self.folder / f"{title}.log")
        process = Process(argv, log, self.env if env is None else env, cwd)
        self._ends.callback(process.stop)
        return process

    def cli(self, title: str, *arguments: str) -> Process:
        """Starts the command line."""
        return self.process(title, sys.executable, "-m", "marketbus.apps.main", *arguments, cwd=self.folder)

    def connect(self, **options: Any) -> marketbus.Bus:
        """A client."""
        return marketbus.connect(self.nats.url, **options)

    async def status(self, bus: marketbus.Bus, name: str = GATEWAY) -> GatewayStatus | None:
        """A gateway's status now, if it is live."""
        return next((status for status in await bus.gateways() if status.gateway == name), None)

    async def until(
        self,
        bus: marketbus.Bus,
        check: Check,
        what: str,
        name: str = GATEWAY,
        within: float = 20.0,
    ) -> GatewayStatus:
        """The gateway's first status that passes."""

        async def look() -> GatewayStatus | None:
            status = await self.status(bus, name)
            return status if status is not None and check(status) else None

        return await eventually(look, f"{name}: {what}", within)

    async def ready(
        self, bus: marketbus.Bus, name: str = GATEWAY, after: int = 0, within: float = 20.0
    ) -> GatewayStatus:
        """The gateway's status once both sessions are READY, in an epoch later than `after`.

        A line to TWS has no trading session unless it trades.
        """
        good = ("READY",) if self.kind.family else ("READY", "DISCONNECTED")
        return await self.until(
            bus,
            lambda status: status.epoch > after and status.md.state == "READY" and status.td.state in good,
            "both sessions ready",
            name,
            within,
        )

    def words(self) -> dict[str, str]:
        """The last words of everything that ran, for the report of a failed test."""
        return {title: log.read_text(errors="replace")[-6000:] for title, log in self.logs.items() if log.exists()}
