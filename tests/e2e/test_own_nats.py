"""A NATS server of the user's own, without JetStream: the same command, the same ticks."""

import socket
import subprocess
from pathlib import Path
from time import monotonic, sleep

import marketbus
from marketbus.adapters.nats.embedded import find_binary
from tests.e2e.demo import demo


def test_the_demo_runs_on_a_plain_nats_server(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "nats.log").open("wb") as log:
        server = subprocess.Popen([find_binary(), "-a", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
    try:
        deadline = monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert monotonic() < deadline
            sleep(0.05)
        with demo(tmp_path, f"nats://127.0.0.1:{port}") as url, marketbus.connect_sync(url) as bus:
            ticks = iter(bus.ticks("IF*.CFFEX", snapshot=False))
            assert next(ticks).simulated
            assert [status.gateway for status in bus.gateways()] == ["ctp-demo"]
            assert "nats.no_jetstream" in (tmp_path / "demo.log").read_text()
    finally:
        server.kill()
        server.wait()
