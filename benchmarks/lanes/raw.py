"""The limit of the server: the least that a publisher and a subscriber can do, in C, on messages as large as ours."""

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkFailed, NotRunnable
from benchmarks.lanes.bus import embedded_nats
from benchmarks.lanes.folders import made
from benchmarks.process import Process
from benchmarks.sources.counter import INSTRUMENTS

SOURCE = Path(__file__).resolve().parents[1] / "native" / "nats_limit.c"
FIRST = 300_000
"""Messages of the first run, which tells how many the others need."""
RAW = "raw C"
PREFIX = "md.tick.bench.SHFE.rb"


@dataclass(frozen=True)
class RawLimit:
    """A side of a flood; nothing is paced, as nothing is lost: the server makes a fast publisher wait."""

    program: Path
    folder: Path
    port: str
    size: int
    """Bytes of a payload."""

    name = RAW

    def highest(self, seconds: float) -> float:
        """Messages/s through the server, one publisher, one subscriber."""
        return self._run(round(self._run(FIRST) * seconds))

    def _run(self, count: int) -> float:
        sub = [str(self.program), "sub", self.port, "md.tick.>", str(count)]
        pub = [str(self.program), "pub", self.port, PREFIX, str(INSTRUMENTS), str(self.size), str(count)]
        with Process("raw-sub", sub, self.folder) as subscriber:
            subscriber.hear()
            with Process("raw-pub", pub, self.folder) as publisher:
                began = publisher.hear(60)["began"]
                told = subscriber.hear(60)
        if told["messages"] != count:
            raise BenchmarkFailed(f"raw C: {told['messages']} of {count} messages arrived")
        return count / (told["ended"] - began)


@contextmanager
def raw_limit(folder: Path, size: int) -> Generator[RawLimit]:
    """On a nats-server of its own.

    Raises:
        NotRunnable: no compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NotRunnable("no C compiler: apt-get install gcc libc6-dev")
    program = made(folder) / "nats_limit"
    done = subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], capture_output=True, text=True)
    if done.returncode:
        raise NotRunnable(f"{compiler} cannot build {SOURCE.name}: {done.stderr.strip().splitlines()[-1:]}")
    with embedded_nats(folder) as server:
        yield RawLimit(program, folder, server.url.rpartition(":")[2], size)
