"""20:45: a fresh session by the market's clock, and a report on it before the opening."""

import subprocess
import sys
from datetime import datetime

import msgspec
import pytest

from marketbus.apps.exit_codes import ExitCode
from tests.system import System, eventually


def ready(system: System, *arguments: str) -> tuple[int, list[dict[str, object]]]:
    command = [sys.executable, "-m", "marketbus.apps.main", "ready", "--json", "--url", system.nats.url, *arguments]
    done = subprocess.run(command, env=system.env, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, [msgspec.json.decode(line) for line in done.stdout.splitlines()]


@pytest.mark.row(7, "on the schedule a fresh login, READY before the session", scaled="ctp")
async def test_a_session_starts_with_a_fresh_process_that_reports_itself_ready(system: System) -> None:
    one = system.kind.one
    nobody = "nobody" + one
    login = {"ctp": "2026-11-19 20:45", "sopt": "2026-11-20 08:45"}[system.kind.name]
    worker = system.worker(one, nobody)
    async with system.connect() as bus:
        first = await system.ready(bus)
        system.lab.control.clock(start=datetime(2026, 11, 19, 14, 59, 58))
        assert await eventually(lambda: worker.code, "the scheduled end") == ExitCode.REPLACE
        assert f"scheduled login of {login}" in worker.words()
        system.start(system.folder / "ctp.toml")
        night = await system.ready(bus, after=first.epoch)
        assert night.md.logins == 1
        code, lines = ready(system)
        assert code == 1
        assert lines[0]["ready"] is False
        assert lines[0]["simulated"] is True
        assert lines[0]["differs"][-1] == f"pinned {nobody} matches no contract"  # pyright: ignore[reportIndexIssue]
        code, lines = ready(system, "ctp", "elsewhere")
        assert [line["gateway"] for line in lines] == ["ctp", "elsewhere"]
    worker = system.worker(one, name="other")
    async with system.connect() as bus:
        await system.ready(bus, "other")

        def green() -> bool:
            return ready(system, "other")[0] == 0

        await eventually(green, "exit code 0")
        await eventually(lambda: "READY: " in worker.words(), "the same in the log")
