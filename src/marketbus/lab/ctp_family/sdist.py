"""Fetches the vendor's headers, which only vnpy's source distribution carries, through the configured pip."""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.errors import LabError

HEADERS = ("ThostFtdcMdApi.h", "ThostFtdcTraderApi.h", "ThostFtdcUserApiDataType.h", "ThostFtdcUserApiStruct.h")

# Before pip hands out a source distribution it asks the package's build backend for metadata; the real one downloads
# and starts a tool chain for that (35 s). Only the file is wanted here, so this stand-in answers in that one process.
_BACKEND = """
import pathlib

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    name = "{module}-{version}.dist-info"
    folder = pathlib.Path(directory, name)
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\\nName: {module}\\nVersion: {version}\\n")
    return name
"""


class HeadersUnavailable(LabError):
    """The headers could not be fetched."""


def fetch_headers(dialect: Dialect, folder: Path, echo: Callable[[str], object]) -> Path:
    """Puts the headers into `folder` (once) and returns it."""
    if all((folder / name).is_file() for name in HEADERS):
        return folder
    echo(f"fetching the {dialect.name} headers from the {dialect.distribution} {dialect.version} source distribution")
    with tempfile.TemporaryDirectory(prefix="marketbus-") as scratch:
        archive = _download(dialect, Path(scratch))
        folder.mkdir(parents=True, exist_ok=True)
        _unpack(dialect, archive, folder)
    return folder


def _download(dialect: Dialect, scratch: Path) -> Path:
    backend = scratch / "backend"
    backend.mkdir()
    (backend / "mesonpy.py").write_text(_BACKEND.format(module=_module(dialect), version=dialect.version))
    requirement = scratch / "requirement.txt"
    requirement.write_text(f"{dialect.distribution}=={dialect.version} --hash=sha256:{dialect.sha256}\n")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "--no-build-isolation",
    ]
    command += [
        "--no-binary",
        dialect.distribution,
        "--dest",
        str(scratch),
        "-r",
        str(requirement),
    ]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(backend)}, capture_output=True, text=True, check=False
    )
    found = list(scratch.glob(f"{_module(dialect)}-*.tar.gz"))
    if done.returncode or not found:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise HeadersUnavailable(
            f"pip could not download {dialect.distribution} {dialect.version} ({reason}); check the package index, or "
            f"give the folder of its headers ({dialect.include}) to `build.ensure`"
        )
    return found[0]


def _unpack(dialect: Dialect, archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for name in HEADERS:
            member = tar.extractfile(f"{_module(dialect)}-{dialect.version}/{dialect.include}/{name}")
            if member is None:
                raise HeadersUnavailable(f"{name} is not in {archive.name}")
            partial = folder / f".{name}.{os.getpid()}"
            partial.write_bytes(member.read())
            partial.replace(folder / name)


def _module(dialect: Dialect) -> str:
    return dialect.distribution.replace("-", "_")
