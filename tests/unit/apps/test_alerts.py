"""The supervisor's alerts and the command, with a real receiver."""

import asyncio
import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketbus.apps import logs as log_output
from marketbus.apps.cli import alerts as command
from marketbus.apps.config import Config, load
from marketbus.apps.logs import Logs
from marketbus.apps.supervisor import alerts as of_supervisor
from marketbus.apps.supervisor.alerts import Alerts
from marketbus.domain.status import Level, LogRecord
from marketbus.domain.worker_view import WorkerView
from tests.system.poll import eventually
from tests.system.receiver import Receiver, nobody, receiver

pytestmark = pytest.mark.usefixtures("site")
SECRET = "0123456789abcdef"
VIEW = WorkerView("ctp-main", trades=True, running=True, starts=1, ends={})


@pytest.fixture
def web() -> Iterator[Receiver]:
    with receiver() as web:
        yield web


def config(folder: Path, *ports: int) -> Config:
    to = ", ".join(f'{{ url = "json://127.0.0.1:{port}/{SECRET}?rto=60", lang = "en" }}' for port in ports)
    file = folder / "marketbus.toml"
    file.write_text(f'[alerts]\nto = [{to}]\n[gateway.ctp-main]\nkind = "stub"\nsdk = "lab"\n')
    return load(file, env={})


def unknown(number: int) -> LogRecord:
    return LogRecord("ctp-main", time.time_ns(), Level.WARNING, "order.unknown", "", {"order": str(number), "why": "?"})


def test_the_command_says_of_each_target_what_became_of_its_message(
    web: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with nobody() as port:
        config(tmp_path, web.port, port)
        assert command.test(tmp_path / "marketbus.toml") == 1
    first, second = sorted(capsys.readouterr().out.splitlines())
    assert first == "TODO json-1: [Errno 111] Connection refused"
    assert second.startswith("ok   json-0: taken after ")
    assert "TEST by" in web.got[0].body["message"]
    config(tmp_path, web.port)
    assert command.test(tmp_path / "marketbus.toml") == 0


async def test_a_flood_on_a_receiver_that_hangs_holds_up_nothing_and_leaves_no_secret(
    web: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_supervisor, "END", 0.1)
    web.answers = [None]
    written = io.StringIO()
    log_output.configure("text", "debug", written)
    with nobody() as port:
        alerts = Alerts(config(tmp_path, web.port, port), Logs("en", "supervisor"), lambda: [VIEW])
    async with alerts.sending():
        alerts.hear(unknown(0))
        await eventually(lambda: web.got, "the one that gets no answer")
        began = time.monotonic()
        for number in range(20_000):
            alerts.hear(unknown(number))
            alerts.hear(LogRecord("ctp-main", 0, Level.ERROR, "gateway.hung", "", {"call": "x", "seconds": 1.0}))
        await asyncio.sleep(0)
        assert time.monotonic() - began < 5
        ending = time.monotonic()
    assert time.monotonic() - ending < 2
    assert "ctp-main SIMULATED" in web.got[0].body["title"]
    assert alerts.outcomes().keys() == {"json-0", "json-1"}
    assert "alerts go to json-0, json-1" in written.getvalue()
    assert SECRET not in written.getvalue()


async def test_a_worker_that_tells_nothing_is_told(
    web: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_supervisor, "LOOK", 0.01)
    monkeypatch.setattr("marketbus.application.alerts.conditions.MUTE", 0.1)
    async with Alerts(config(tmp_path, web.port), Logs("en", "supervisor"), lambda: [VIEW]).sending():
        await eventually(lambda: web.got, "the alert")
    assert "the worker runs but has not reported for 0 s" in web.got[0].body["message"]
