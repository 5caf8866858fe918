"""The vendor's own native library, unmodified, towards fronts that are not there or say nothing.

It reports neither a refused connection nor a mute one; the gateway finds out by itself.
"""

import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.conftest import Measured
from tests.system import System, eventually, free_port

VERSIONS = {"ctp": "vendor v6.7", "sopt": "vendor v3.7"}


@pytest.fixture
def mute() -> Iterator[int]:
    """A port whose backlog takes connections that nobody answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield listening.getsockname()[1]


@pytest.mark.row(6, "the vendor's library says nothing; reported all the same")
async def test_a_refused_front_is_reported_and_tried_on(system: System, measured: Measured) -> None:
    port = free_port()
    await reported(system, measured, port, "Connection refused")


@pytest.mark.row(6, "the vendor's library says nothing; reported all the same")
async def test_a_mute_front_is_reported_and_tried_on(system: System, measured: Measured, mute: int) -> None:
    await reported(system, measured, mute, "TCP connects, but the front does not speak")


async def reported(system: System, measured: Measured, port: int, found: str) -> None:
    front = f"127.0.0.1:{port}"
    worker = system.worker(
        system.kind.one, sdk="vendor", connect_timeout=1.5, setting={"交易服务器": front, "行情服务器": front}
    )
    async with system.connect() as bus:
        status = await system.until(bus, lambda s: s.md.state == "CONNECTING", "the attempt")
        began = time.monotonic()
        assert status.sdk.startswith(VERSIONS[system.kind.name])
        assert not status.simulated
        status = await system.until(bus, lambda s: found in s.md.message and found in s.td.message, "the report")
        measured(f"vendor library, {found[:18]!r}: attempt → report (patience 1.5 s)", time.monotonic() - began)
        assert status.md.state == status.td.state == "CONNECTING"
        assert f"tcp://{front}: " in status.md.message
        assert status.md.logins == 0
        await eventually(
            lambda: f"market data front tcp://{front} gave no answer within 1.5 s" in worker.words(), "log"
        )
        again = await system.status(bus)
        assert again is not None
        assert again.epoch == status.epoch
        assert worker.code is None
        stopped = time.monotonic()
        worker.send(signal.SIGTERM)
        assert worker.wait(5) == 0
        measured(f"vendor library, {found[:18]!r}: SIGTERM → gone", time.monotonic() - stopped)
    assert "Traceback" not in worker.words()
