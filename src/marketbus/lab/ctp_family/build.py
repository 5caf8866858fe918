"""Builds the two ABI-compatible libraries into the user's cache, once per state of our sources."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import platformdirs

from marketbus.lab.ctp_family import headers, sdist, stubs
from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.errors import LabError

LAYOUTS = "layouts.json"

_NATIVE = Path(__file__).with_name("native")
_GENERATORS = tuple(Path(__file__).with_name(name) for name in ("headers.py", "stubs.py", "build.py"))
_FLAGS = ("-std=c++17", "-O2", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique", "-Wall", "-Wextra")


class LibraryMissing(LabError):
    """The simulated libraries are not built yet."""


class BuildFailed(LabError):
    """The compiler refused."""


def cache_root() -> Path:
    """Where everything this module makes lies."""
    return platformdirs.user_cache_path("marketbus")


def library_dir(dialect: Dialect) -> Path:
    """The folder of the built pair and its layouts; raises LibraryMissing."""
    folder = _target(dialect)
    if not (folder / LAYOUTS).is_file():
        raise LibraryMissing(f"the simulated {dialect.name} libraries are not built: run `marketbus setup`")
    return folder


def ensure(dialect: Dialect, headers: Path | None = None, echo: Callable[[str], object] = lambda _: None) -> Path:
    """Builds what is missing and returns `library_dir()`. `headers`: folder of the vendor's headers, else fetched.

    Raises HeadersUnavailable, HeaderError, BuildFailed.
    """
    target = _target(dialect)
    if (target / LAYOUTS).is_file():
        return target
    if shutil.which("g++") is None:
        raise BuildFailed(f"g++ is needed to build the simulated {dialect.name} libraries: apt-get install g++")
    found = headers or vendor_headers(dialect, echo)
    echo(f"building the simulated {dialect.name} libraries")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target.parent) as scratch:
        folder = Path(scratch, "out")
        folder.mkdir()
        _build(dialect, found, Path(scratch), folder)
        try:
            folder.rename(target)
        except OSError:
            # Another process finished first: its result is the same.
            if not (target / LAYOUTS).is_file():
                raise
    return target


def vendor_headers(dialect: Dialect, echo: Callable[[str], object] = lambda _: None) -> Path:
    """The folder of the vendor's headers, fetched once. Raises HeadersUnavailable."""
    return sdist.fetch_headers(dialect, cache_root() / f"{dialect.kind}-headers" / dialect.version, echo)


def _target(dialect: Dialect) -> Path:
    exports = (dialect.version, dialect.api_version, *dialect.libraries.values(), *dialect.create.values())
    digest = hashlib.sha256(f"{exports} {platform.system()} {platform.machine()} {_FLAGS}".encode())
    for path in (*sorted(_NATIVE.iterdir()), *_GENERATORS):
        digest.update(path.read_bytes())
    return cache_root() / f"lab-{dialect.kind}" / digest.hexdigest()[:16]


def _build(dialect: Dialect, include: Path, scratch: Path, out: Path) -> None:
    types = headers.typedefs(headers.read(include / "ThostFtdcUserApiDataType.h"))
    structs = headers.structs(headers.read(include / "ThostFtdcUserApiStruct.h"), types)
    layouts: dict[str, object] = {"version": dialect.version}
    used: set[str] = {"CThostFtdcRspInfoField"}
    for api in (stubs.md(dialect.create["md"]), stubs.td(dialect.create["td"])):
        text = headers.read(include / api.header)
        api_methods, spi_methods = headers.methods(text, api.api), headers.methods(text, api.spi)
        numbered = stubs.number(api_methods, spi_methods)
        layouts[api.key] = asdict(numbered)
        used.update(name for table in (numbered.requests, numbered.callbacks) for _, name in table.values() if name)
        (scratch / f"{api.key}.cpp").write_text(stubs.source(api, dialect.api_version, api_methods, spi_methods))
    chosen = [structs[name] for name in sorted(used)]
    (scratch / "layouts.cpp").write_text(stubs.layout_check(chosen))
    common = ("g++", *_FLAGS, f"-I{include}", f"-I{_NATIVE}")
    _run(*common, "-c", str(scratch / "layouts.cpp"), "-o", os.devnull)
    _run(*common, "-c", str(_NATIVE / "front.cpp"), "-o", str(scratch / "front.o"))
    for key, name in dialect.libraries.items():
        # The pybind modules ask for these bare names: a library of that SONAME loaded before them is what they get.
        link = ("-shared", f"-Wl,-soname,{name}", "-Wl,-z,defs", "-pthread", "-o", str(out / name))
        _run(*common, str(scratch / f"{key}.cpp"), str(scratch / "front.o"), *link)
    layouts["structs"] = {
        struct.name: {"size": struct.size, "fields": [[f.name, f.kind, f.offset, f.count] for f in struct.fields]}
        for struct in chosen
    }
    (out / LAYOUTS).write_text(json.dumps(layouts))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(f"{' '.join(command[:1])} failed:\n{done.stderr[-2000:]}")
