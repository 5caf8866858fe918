"""Records in tens of thousands against Python under ASan and UBSan; threads against each other under TSan."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from marketbus.gateways.ctp_family.direct import build
from marketbus.lab.ctp_family.build import vendor_headers
from marketbus.lab.kinds import COUNTERS
from tests.system.past_python import DIALECTS

MEMORY = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
THREADS = ("-std=c++17", "-O1", "-g", "-fsanitize=thread")


def main() -> int:
    """0: nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.native_check")
    parser.add_argument("--records", type=int, default=100_000, help="of each kind")
    records: int = parser.parse_args().records
    shared = build.shared_headers()
    if shared is None:
        sys.exit("the accelerator is not installed: pip install ./native")
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for kind, dialect in DIALECTS.items():
            headers = vendor_headers(COUNTERS[kind])
            library = Path(scratch, f"{kind}.so")
            build.compile_core(dialect, headers, shared, library, MEMORY)
            preload = " ".join(_runtime(name) for name in ("libasan.so", "libubsan.so", "libstdc++.so.6"))
            # Python never frees all it has, and the dynamic loader's order is ours.
            env = os.environ | {"LD_PRELOAD": preload, "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
            command = (sys.executable, "-m", "tests.native_check.records", kind, str(library), str(records))
            failed |= subprocess.run(command, env=env, check=False).returncode
        program = Path(scratch, "threads")
        source, native = Path(__file__).with_name("threads.cpp"), Path(build.__file__).with_name("native")
        includes = ("-isystem", str(vendor_headers(COUNTERS["ctp"])), f"-I{shared}", f"-I{native}")
        subprocess.run(("g++", *THREADS, *includes, str(source), "-o", str(program), "-pthread"), check=True)
        failed |= subprocess.run((str(program),), check=False).returncode
    return int(failed != 0)


def _runtime(name: str) -> str:
    return subprocess.run(
        ("g++", f"-print-file-name={name}"), capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
