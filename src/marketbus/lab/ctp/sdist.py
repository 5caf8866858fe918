"""Fetches CTP's headers, which only the source distribution of vnpy-ctp carries, through the configured pip."""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from marketbus.lab.errors import LabError

VERSION = "6.7.11.4"
"""The pinned vnpy-ctp."""

SHA256 = "c73a432171f9d45c341fa8472bed56e6ca00c97d6e04898dfa65593ff2d6fd2a"
"""Of vnpy_ctp-6.7.11.4.tar.gz."""

HEADERS = ("ThostFtdcMdApi.h", "ThostFtdcTraderApi.h", "ThostFtdcUserApiDataType.h", "ThostFtdcUserApiStruct.h")

# Before pip hands out a source distribution it asks the package's build backend for metadata; the real one downloads
# and starts a tool chain for that (35 s). Only the file is wanted here, so this stand-in answers in that one process.
_BACKEND = """
import pathlib

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    name = "vnpy_ctp-{version}.dist-info"
    folder = pathlib.Path(directory, name)
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\\nName: vnpy-ctp\\nVersion: {version}\\n")
    return name
"""


class HeadersUnavailable(LabError):
    """The headers could not be fetched."""


def fetch_headers(folder: Path, echo: Callable[[str], object]) -> Path:
    """Puts the headers into `folder` (once) and returns it."""
    if all((folder / name).is_file() for name in HEADERS):
        return folder
    echo(f"fetching the CTP headers from the vnpy-ctp {VERSION} source distribution")
    with tempfile.TemporaryDirectory(prefix="marketbus-") as scratch:
        archive = _download(Path(scratch))
        folder.mkdir(parents=True, exist_ok=True)
        _unpack(archive, folder)
    return folder


def _download(scratch: Path) -> Path:
    backend = scratch / "backend"
    backend.mkdir()
    (backend / "mesonpy.py").write_text(_BACKEND.format(version=VERSION))
    requirement = scratch / "requirement.txt"
    requirement.write_text(f"vnpy-ctp=={VERSION} --hash=sha256:{SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
    command += ["--no-binary", "vnpy-ctp", "--no-build-isolation", "--dest", str(scratch), "-r", str(requirement)]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(backend)}, capture_output=True, text=True, check=False
    )
    found = list(scratch.glob("vnpy_ctp-*.tar.gz"))
    if done.returncode or not found:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise HeadersUnavailable(
            f"pip could not download vnpy-ctp {VERSION} ({reason}); check the package index, or give the folder of "
            "its CTP headers (vnpy_ctp/api/include/ctp) to `build.ensure`"
        )
    return found[0]


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for name in HEADERS:
            member = tar.extractfile(f"vnpy_ctp-{VERSION}/vnpy_ctp/api/include/ctp/{name}")
            if member is None:
                raise HeadersUnavailable(f"{name} is not in {archive.name}")
            partial = folder / f".{name}.{os.getpid()}"
            partial.write_bytes(member.read())
            partial.replace(folder / name)
