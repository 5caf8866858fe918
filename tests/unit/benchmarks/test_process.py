import os
import signal
import sys
import time
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkFailed
from benchmarks.process import Process

ECHO = "import sys\nfor line in sys.stdin: print('noise'); print(line, end='', flush=True)"


def python(folder: Path, code: str) -> Process:
    return Process("child", [sys.executable, "-c", code], folder)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_answers_line_by_line_and_ends_with_its_context(tmp_path: Path) -> None:
    with python(tmp_path, ECHO) as child:
        assert child.ask("add", one=1) == {"do": "add", "one": 1}
        pid = child.pid
    assert gone(pid)


def test_silence_is_a_failure_with_its_last_words(tmp_path: Path) -> None:
    code = "import sys, time; sys.stderr.write('out of paper'); sys.stderr.flush(); time.sleep(60)"
    with python(tmp_path, code) as child:
        deadline = time.monotonic() + 20
        while not (tmp_path / "child.log").read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(BenchmarkFailed, match=r"said nothing(.|\n)*out of paper"):
            child.hear(0.2)


def test_an_early_end_is_a_failure(tmp_path: Path) -> None:
    with python(tmp_path, "pass") as child, pytest.raises(BenchmarkFailed, match="ended"):
        child.hear()


@pytest.mark.skipif(sys.platform != "linux", reason="the tether is Linux's")
def test_children_end_when_the_benchmark_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom benchmarks.process import Process\n"
        f"child = Process('inner', [sys.executable, '-c', 'import time; time.sleep(600)'], Path({str(tmp_path)!r}))\n"
        "print('{\"pid\": %d}' % child.pid, flush=True)\ntime.sleep(600)"
    )
    with python(tmp_path, code) as outer:
        inner: int = outer.hear()["pid"]
        os.kill(outer.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while not gone(inner) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert gone(inner)
