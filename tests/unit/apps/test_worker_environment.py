import os
from pathlib import Path

from marketbus.apps import worker_environment


def test_a_worker_gets_a_folder_of_its_own_and_china_time(tmp_path: Path) -> None:
    base = {**os.environ, "MARKETBUS_STATE": str(tmp_path / "state"), "TZ": "Europe/Berlin"}
    config = tmp_path / "marketbus.toml"
    command = worker_environment.command("ctp-main", config, "nats://127.0.0.1:5", base)
    assert command.argv[1:] == ("-m", "marketbus.apps.worker", "ctp-main", "-c", str(config))
    assert command.cwd is not None
    assert command.cwd == tmp_path / "state" / "gateways" / "ctp-main"
    assert (command.cwd / ".vntrader").is_dir()
    assert command.env["TZ"] == "Asia/Shanghai"
    assert command.env["MARKETBUS__NATS__URL"] == "nats://127.0.0.1:5"
    assert command.env["MARKETBUS_STATE"] == str(tmp_path / "state")
    assert command.cwd.stat().st_mode & 0o077 == 0


def test_no_secret_stands_on_the_command_line_or_is_added_to_the_environment(tmp_path: Path) -> None:
    command = worker_environment.command("a", None, None, {"MARKETBUS_STATE": str(tmp_path), "PATH": "/bin"})
    assert len(command.argv) == 4
    assert set(command.env) <= {"MARKETBUS_STATE", "PATH", "TZ", "LOCPATH", "PYTHONUNBUFFERED", "PYTHONUTF8"}
