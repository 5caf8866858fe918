"""`marketbus up --demo` as a user starts it, on ports and folders of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

COMMAND = Path(sys.executable).with_name("marketbus")
READY = 60.0


@contextmanager
def demo(
    folder: Path, url: str = "", until: str = "supervisor.first_tick", listen: str = "127.0.0.1:0"
) -> Generator[str]:
    """A running demo, on a bus of its own or at `url`; gives the bus's url once it has said `until`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MARKETBUS")}
    env |= {"MARKETBUS_STATE": str(folder), "MARKETBUS__NATS__PORT": "0", "MARKETBUS__LOG__FORMAT": "json"}
    env["MARKETBUS__HTTP__LISTEN"] = listen
    if url:
        env["MARKETBUS__NATS__URL"] = json.dumps([url])
    log = folder / "demo.log"
    with log.open("wb") as sink:
        argv = [COMMAND, "up", "--demo", "--duration", "3000"]
        process = subprocess.Popen(argv, env=env, stderr=sink, stdout=subprocess.DEVNULL)
    try:
        yield _url(log, process, until) or url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _url(log: Path, process: subprocess.Popen[bytes], until: str) -> str:
    deadline = monotonic() + READY
    while monotonic() < deadline and process.poll() is None:
        records = [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
        if any(record["code"] == until for record in records):
            return next((record["fields"]["url"] for record in records if record["code"] == "nats.embedded"), "")
        sleep(0.05)
    raise AssertionError(f"the demo did not say {until}:\n" + log.read_text())
