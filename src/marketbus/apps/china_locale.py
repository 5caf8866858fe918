"""The locale that the CTP bindings need: without zh_CN.GB18030 their first Chinese text aborts the process."""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

from marketbus.apps import paths
from marketbus.domain.errors import MarketBusError

NAME = "zh_CN.GB18030"


class LocaleError(MarketBusError):
    """The locale is missing and cannot be built."""

    code = "locale"


def system_has_it() -> bool:
    """Whether the C library loads the locale without help. Linux only; elsewhere the SDKs do not ask for it."""
    if sys.platform != "linux":
        return True
    libc = ctypes.CDLL(None, use_errno=True)
    libc.newlocale.restype = ctypes.c_void_p
    libc.newlocale.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p]
    libc.freelocale.argtypes = [ctypes.c_void_p]
    every_category = 0x1FBF  # LC_ALL_MASK, glibc locale.h
    found = libc.newlocale(every_category, NAME.encode(), None)
    if found:
        libc.freelocale(found)
    return bool(found)


def own_locpath() -> Path | None:
    """The folder for LOCPATH when we built the locale ourselves."""
    folder = paths.cache_dir() / "locale"
    return folder if (folder / NAME / "LC_CTYPE").is_file() else None


def ensure() -> str:
    """Make the locale loadable; gives one line that says how.

    Raises:
        LocaleError: it cannot be built here; says what to install.
    """
    if system_has_it():
        return f"{NAME} of the system"
    if own_locpath() is not None:
        return f"{NAME} built in {paths.cache_dir() / 'locale'}"
    if shutil.which("localedef") is None:
        raise LocaleError("localedef is missing", "apt-get install locales")
    target = paths.cache_dir() / "locale" / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["localedef", "-i", "zh_CN", "-f", "GB18030", "--no-archive", str(target)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if own_locpath() is None:
        words = done.stderr.strip().splitlines()
        raise LocaleError(f"localedef failed: {words[-1] if words else done.returncode}", "apt-get install locales")
    return f"{NAME} built in {target.parent}"
