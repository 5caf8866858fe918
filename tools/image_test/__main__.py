"""`python3 -m tools.image_test [--keep FOLDER]`: builds the image on a base of its own, runs it, says what it found."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import machine
from tools.image_test.build import ROOT, Builder, Failed, install_tools
from tools.image_test.checks import Check, Start, inside, ten_seconds

MB = 1e6
RESULT = ROOT / "benchmarks"
PARTS = ("opt/marketbus/bin", "opt/marketbus/lib/python3.11/site-packages/*", "usr/lib/python3*", "usr/share/zoneinfo")
SHOWN = 12


def main() -> int:
    """0: everything is as it must be; 1: not; 2: it cannot be tried here."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.image_test", description="Build the image and run it.")
    parser.add_argument("--keep", type=Path, help="work in this folder, and leave the image's store in it")
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        print("root is needed: debootstrap, chroot and name spaces", file=sys.stderr)
        return 2
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="marketbus-image-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _test(folder)
    except (Failed, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        if not chosen.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _test(folder: Path) -> int:
    where = machine()
    install_tools()
    builder = Builder(folder)
    _say("a Debian base by debootstrap")
    builder.base()
    _say("the image, by buildah")
    began = time.monotonic()
    builder.image()
    built = time.monotonic() - began
    config, root = builder.config(), builder.mount()
    base, size, parts = _disk(builder.base_root()), _disk(root), _largest(root)
    _say("running it")
    checks: list[Check] = []
    start = Start(0.0, 0.0)
    for number, look in enumerate((inside, ten_seconds)):
        own = folder / f"run{number}"
        own.mkdir()
        for found in look(root, config, own):
            if isinstance(found, Start):
                start = found
                continue
            checks.append(found)
            print(f"{'ok  ' if found.ok else 'FAIL'} {found.what}: {found.seen}", flush=True)
    figures = {
        "image, MB": round(size / MB, 1),
        "of these the base, MB": round(base / MB, 1),
        "image with layers compressed, MB": round(builder.packed() / MB, 1),
        "start of the container to the first tick, s": round(start.first_tick, 2),
        "start of the container to READY, s": round(start.ready, 2),
        "build, s": round(built),
    }
    builder.remove()
    passed = bool(start.ready) and all(check.ok for check in checks)
    _write(where, figures, checks, parts)
    for name, value in figures.items():
        print(f"{name}: {value:g}")
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


def _write(where: str, figures: dict[str, float], checks: list[Check], parts: dict[str, float]) -> None:
    found = {"where": where, "figures": figures, "checks": [check._asdict() for check in checks], "largest, MB": parts}
    (RESULT / "image.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = ["# Image", "", where, "", "| figure | |", "|---|---|"]
    lines += [f"| {name} | {value:g} |" for name, value in figures.items()]
    lines += ["", "| what | seen | |", "|---|---|---|"]
    lines += [f"| {each.what} | {each.seen.replace('|', '/')} | {'ok' if each.ok else 'FAIL'} |" for each in checks]
    lines += ["", "| largest | MB |", "|---|---|", *(f"| {name} | {value:g} |" for name, value in parts.items())]
    (RESULT / "image.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _disk(path: Path) -> int:
    """Bytes of all files, as `du --apparent-size`, hard links once."""
    done = subprocess.run(["du", "-sxb", path], stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout.split()[0])


def _largest(root: Path) -> dict[str, float]:
    sizes = {path.name: _disk(path) / MB for part in PARTS for path in root.glob(part)}
    return {name: round(sizes[name], 1) for name in sorted(sizes, key=lambda name: -sizes[name])[:SHOWN]}


def _say(words: str) -> None:
    print(f"== {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
