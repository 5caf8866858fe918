import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from marketbus.apps import tether

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl")


def test_the_command_takes_the_place_of_the_tether() -> None:
    child = subprocess.Popen([*tether.prefix(), "sh", "-c", "echo $$"], stdout=subprocess.PIPE, text=True)
    assert child.communicate(timeout=10)[0].strip() == str(child.pid)


def test_a_command_whose_starter_is_gone_already_never_starts(tmp_path: Path) -> None:
    argv = tether.prefix()
    argv[argv.index(str(os.getpid()))] = "1"  # as if we had died and init had taken the child
    done = subprocess.run([*argv, "touch", str(tmp_path / "started")], timeout=10, check=False)
    assert done.returncode == 1
    assert not (tmp_path / "started").exists()


def test_the_command_dies_with_its_starter() -> None:
    script = "import subprocess, sys; from marketbus.apps import tether; "
    script += "print(subprocess.Popen([*tether.prefix(), 'sleep', '600']).pid, flush=True); sys.stdin.read()"
    starter = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    deadline = time.monotonic() + 10
    while "sleep" not in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    starter.kill()
    starter.communicate()
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_command_that_does_not_exist_is_said() -> None:
    done = subprocess.run([*tether.prefix(), "/no/such"], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 127
    assert done.stderr.startswith("/no/such: ")
