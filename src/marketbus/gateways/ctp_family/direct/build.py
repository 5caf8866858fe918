"""Builds the core into the user's cache, once per state of the sources: against the vendor's headers, which only vnpy's
source distribution carries and which are nobody's to pass on.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from importlib import util
from pathlib import Path

import platformdirs

from marketbus.domain.errors import GatewayError
from marketbus.gateways.ctp_family.dialect import Dialect

LIBRARY = "libmarketbus_md.so"
_NATIVE = Path(__file__).with_name("native")
_FLAGS = (
    "-std=c++17",
    "-O2",
    "-fPIC",
    "-ffp-contract=off",
    "-fvisibility=hidden",
    "-fno-gnu-unique",
    "-Wall",
    "-Wextra",
)


def shared_headers() -> Path | None:
    """The accelerator's header-only core; None when it is not installed."""
    found = util.find_spec("marketbus_native")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "core"
    return folder if (folder / "sink.hpp").is_file() else None


def library(dialect: Dialect) -> Path | None:
    """The built library; None when it is not built for these sources."""
    shared = shared_headers()
    if shared is None:
        return None
    built = _target(dialect, shared) / LIBRARY
    return built if built.is_file() else None


def ensure(dialect: Dialect, headers: Path) -> Path:
    """Build what is missing and give the library. `headers`: folder of the vendor's.

    Raises:
        GatewayError: the accelerator is not installed, or the compiler refused.
    """
    shared = shared_headers()
    if shared is None:
        raise GatewayError("the accelerator is not installed", "build marketbus-native first")
    target = _target(dialect, shared)
    if not (target / LIBRARY).is_file():
        if shutil.which("g++") is None:
            raise GatewayError("g++ is needed to build the native market data core", "apt-get install g++")
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=target) as scratch:
            partial = Path(scratch, LIBRARY)
            compile_core(dialect, headers, shared, partial)
            partial.replace(target / LIBRARY)
    return target / LIBRARY


def compile_core(dialect: Dialect, headers: Path, shared: Path, out: Path, flags: tuple[str, ...] = ()) -> None:
    """One run of the compiler.

    Raises:
        GatewayError: it refused.
    """
    includes = ("-isystem", str(headers), f"-I{shared}", f"-I{_NATIVE}")
    defines = () if dialect.direct is None else dialect.direct.defines
    command = ("g++", *_FLAGS, *flags, *defines, *includes, "-shared", str(_NATIVE / "md.cpp"), "-o", str(out))
    done = subprocess.run(
        (*command, "-Wl,-z,defs", "-pthread", "-ldl"), capture_output=True, text=True, check=False, env=os.environ
    )
    if done.returncode:
        raise GatewayError(f"the native market data core does not compile:\n{done.stderr[-2000:]}", "")


def _target(dialect: Dialect, shared: Path) -> Path:
    digest = hashlib.sha256(f"{dialect.direct} {platform.system()} {platform.machine()} {_FLAGS}".encode())
    for path in (*sorted(_NATIVE.iterdir()), *sorted(shared.glob("*.hpp"))):
        digest.update(path.read_bytes())
    return platformdirs.user_cache_path("marketbus") / f"md-{dialect.kind}" / digest.hexdigest()[:16]
