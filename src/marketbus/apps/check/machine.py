"""What the machine must offer: a place to write, the locale, a clock."""

import ctypes
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from marketbus.apps import china_locale
from marketbus.apps.worker_environment import environment
from marketbus.ports.gateway import Probe
from marketbus.wire.native import native


def state_dir(state: Path) -> Probe:
    """Whether journals, caches and flow files can be written."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=state) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return Probe("state", False, f"{state} cannot be written: {error.strerror}; set MARKETBUS_STATE")
    return Probe("state", True, str(state))


def locale() -> Probe:
    """Whether a worker will find zh_CN.GB18030; asked in a process like a worker."""
    if sys.platform != "linux":
        return Probe("locale", True, "not needed on this platform")
    script = f"import locale; locale.setlocale(locale.LC_ALL, {china_locale.NAME!r})"
    env = environment()
    done = subprocess.run([sys.executable, "-S", "-c", script], env=env, capture_output=True, check=False, timeout=30)
    if done.returncode:
        return Probe("locale", False, f"{china_locale.NAME} cannot be loaded: run `marketbus setup`")
    return Probe("locale", True, f"{china_locale.NAME} ({env.get('LOCPATH', 'system')})")


_STA_UNSYNC, _STA_NANO = 0x0040, 0x2000  # linux/timex.h


def clock() -> Probe:
    """What the kernel knows of the clock's error. Never a failure: latencies suffer, nothing else."""
    if sys.platform != "linux":
        return Probe("clock", True, "unknown on this platform")
    timex = ctypes.create_string_buffer(256)  # struct timex, modes = 0: only read
    if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
        return Probe("clock", True, f"unknown ({os.strerror(ctypes.get_errno())})")
    offset, _, largest, _ = struct.unpack_from("4l", timex, 8)
    (status,) = struct.unpack_from("i", timex, 40)
    if status & _STA_UNSYNC:
        return Probe("clock", True, "not synchronised: latencies are only as good as the clock; install chrony")
    offset_us = offset / 1000 if status & _STA_NANO else offset
    return Probe("clock", True, f"synchronised, offset {offset_us / 1000:+.3f} ms, error below {largest / 1000:.1f} ms")


def accelerator() -> Probe:
    """Whether ticks go through the accelerator; without it they go all the same."""
    found = native()
    failed = found.module is None and "self-test" in found.words
    return Probe("accelerator", not failed, found.words)
