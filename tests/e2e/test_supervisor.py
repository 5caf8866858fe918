"""The supervisor with real processes; the workers are stubs. Run as a script, this file is the supervisor."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from marketbus.apps.config import Config
from marketbus.apps.config.model import Document, Gateway, Http, Nats
from marketbus.apps.logs import Logs, configure
from marketbus.apps.supervisor.backoff import Backoff
from marketbus.apps.supervisor.up import Supervisor
from marketbus.apps.worker_environment import WorkerCommand

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

WORKERS = {
    "steady": "time.sleep(600)",
    "deaf": "time.sleep(600)",
    "crash": "os.kill(os.getpid(), 11)",
    "config": "sys.exit(64)",
    "replace": "sys.exit(70)",
}


def main(folder: Path, stub: str, duration: float | None, embedded: bool) -> int:
    script = "import os, signal, sys, time\n"
    script += "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if stub == "deaf" else ""
    script += "open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\n" + WORKERS[stub]

    def command(gateway: str, url: str | None) -> WorkerCommand:
        return WorkerCommand((sys.executable, "-c", script, str(folder / gateway)), dict(os.environ), folder)

    configure("text", "info")
    nats = Nats(port=free_port()) if embedded else Nats(url=["nats://127.0.0.1:9"])
    gateways = {name: Gateway(kind="vnpy") for name in ("a", "b")}
    config = Config(Document(nats=nats, gateway=gateways, http=Http(listen="")), None, {})
    backoff = Backoff(Random(1), first=0.05)
    supervisor = Supervisor(config, folder, command, Logs("en", "supervisor"), backoff=lambda: backoff)
    return asyncio.run(supervisor.run(duration))


class Running:
    """A supervisor under test."""

    def __init__(self, folder: Path, stub: str, duration: float = 0.0, embedded: bool = False) -> None:
        self.folder = folder
        argv = [sys.executable, __file__, str(folder), stub, str(duration), *(["embedded"] if embedded else [])]
        self.process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)

    def pids(self, gateway: str) -> list[int]:
        """Every worker of a gateway that was ever started."""
        file = self.folder / gateway
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def everyone(self) -> list[int]:
        return [*self.pids("a"), *self.pids("b")]

    def servers(self) -> list[int]:
        """Its nats-server."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if "nats-server" in Path(f"/proc/{child}/comm").read_text()]

    def up(self) -> bool:
        return bool(self.pids("a") and self.pids("b"))

    def ended(self, within: float) -> tuple[int, str]:
        """Exit code and log."""
        _, log = self.process.communicate(timeout=within)
        return self.process.returncode, log


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Callable[[], object], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(stub: str, duration: float = 0.0, embedded: bool = False) -> Running:
        started.append(Running(tmp_path, stub, duration, embedded))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.communicate()
        for pid in filter(alive, running.everyone()):
            os.kill(pid, signal.SIGKILL)


Start = Callable[..., Running]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_stops_everything_in_time(start: Start, number: int) -> None:
    running = start("steady")
    until(running.up)
    begin = time.monotonic()
    running.process.send_signal(number)
    code, log = running.ended(within=5)
    assert code == 0
    assert time.monotonic() - begin < 5
    assert log.rstrip().endswith("stopped")
    assert not [pid for pid in running.everyone() if alive(pid)]


def test_a_deaf_worker_is_killed_in_time(start: Start) -> None:
    running = start("deaf")
    until(running.up)
    running.process.send_signal(signal.SIGTERM)
    assert running.ended(within=5)[0] == 0
    assert not [pid for pid in running.everyone() if alive(pid)]


def test_a_second_signal_does_not_wait(start: Start) -> None:
    running = start("deaf")
    until(running.up)
    assert running.process.stderr is not None
    running.process.send_signal(signal.SIGINT)
    until(lambda: "stopping" in running.process.stderr.readline())  # pyright: ignore[reportOptionalMemberAccess]
    begin = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.ended(within=5)[0] == 0
    assert time.monotonic() - begin < 1.5  # the grace for a deaf worker is 3 s
    assert not [pid for pid in running.everyone() if alive(pid)]


def test_a_killed_supervisor_leaves_nobody_behind(start: Start) -> None:
    running = start("deaf")
    until(running.up)
    running.process.kill()
    until(lambda: not [pid for pid in running.everyone() if alive(pid)], within=5)


def test_a_crashed_worker_comes_back_later_each_time(start: Start) -> None:
    running = start("crash")
    until(lambda: len(running.pids("a")) >= 3)
    running.process.send_signal(signal.SIGTERM)
    code, log = running.ended(within=5)
    assert code == 0
    assert "worker a ended (SIGSEGV); starting it again in " in log


def test_a_worker_that_asks_to_be_replaced_is(start: Start) -> None:
    running = start("replace")
    until(lambda: len(running.pids("a")) >= 3)
    running.process.send_signal(signal.SIGTERM)
    assert "worker a ended (exit code 70); starting it again in 0.0 s" in running.ended(within=5)[1]


def test_a_wrong_configuration_is_not_tried_again(start: Start) -> None:
    running = start("config")
    code, log = running.ended(within=20)
    assert code == 2  # nobody is left
    assert len(running.everyone()) == 2
    assert log.count("will not be started again") == 2


def test_it_stops_by_itself_after_a_duration(start: Start) -> None:
    running = start("steady", duration=1.0)
    assert running.ended(within=8)[0] == 0
    assert running.up()
    assert not [pid for pid in running.everyone() if alive(pid)]


def test_a_killed_nats_server_comes_back_where_it_was(start: Start) -> None:
    running = start("steady", embedded=True)
    until(running.up)
    until(running.servers)
    (first,) = running.servers()
    os.kill(first, signal.SIGKILL)
    until(lambda: running.servers() not in ([], [first]))
    (second,) = running.servers()
    until(lambda: b"-p" in Path(f"/proc/{second}/cmdline").read_bytes())
    running.process.send_signal(signal.SIGTERM)
    code, log = running.ended(within=5)
    assert code == 0
    assert "worker nats-server ended (SIGKILL)" in log
    assert not alive(second)


def test_a_killed_supervisor_takes_its_nats_server_along(start: Start) -> None:
    running = start("steady", embedded=True)
    until(running.up)
    (server,) = running.servers()
    running.process.kill()
    until(lambda: not alive(server), within=5)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]) or None, len(sys.argv) > 4))
