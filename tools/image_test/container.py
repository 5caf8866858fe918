"""Runs the image as an engine does, and stricter: a process 1 of its own, no network, a root that cannot be written."""

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

_ENTER = """
set -e
ip link set lo up
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
mount --bind "$STATE" "$ROOT/var/lib/marketbus"
mount --bind "$CONFIG" "$ROOT/etc/marketbus"
mount -o remount,ro,bind "$ROOT"
exec chroot "$ROOT" {command}
"""


class Container:
    """One running container; used as a context manager, which leaves nothing running."""

    def __init__(self, root: Path, config: dict[str, Any], folder: Path, arguments: Sequence[str]) -> None:
        """`arguments` follow the image's entry point; `folder` keeps its volume and configuration."""
        user = _user(root, config["User"])
        self._inside = _inside(config, user)
        state, etc = folder / "state", folder / "etc"
        for each in (state, etc):
            each.mkdir(exist_ok=True)
        os.chown(state, *user)
        words = shlex.join([*self._inside, *config["Entrypoint"], *arguments])
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "bash", "-c",
             _ENTER.format(command=words)],
            env=os.environ | {"ROOT": str(root), "STATE": str(state), "CONFIG": str(etc)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._root = root

    def __enter__(self) -> "Container":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def words(self) -> IO[str]:
        """What it says, stdout and stderr together."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def first(self) -> int:
        """Its process 1, as this machine numbers it."""
        (child,) = _children(self._process.pid)
        return child

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Another process in it, as `docker exec`; stdout and stderr together."""
        return subprocess.run(
            ["nsenter", "--target", str(self.first), "--mount", "--pid", "--net", "--ipc", "--uts",
             "chroot", str(self._root), *self._inside, *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60,
        )  # fmt: skip

    def stop(self, grace: float) -> int:
        """SIGTERM to process 1; its exit code. Raises subprocess.TimeoutExpired after `grace` seconds."""
        os.kill(self.first, signal.SIGTERM)
        self._process.communicate(timeout=grace)
        return self._process.returncode

    def wait(self, timeout: float) -> tuple[int, str]:
        """Its exit code and its last words."""
        words, _ = self._process.communicate(timeout=timeout)
        return self._process.returncode, words


def _inside(config: dict[str, Any], user: tuple[int, int]) -> list[str]:
    """What puts a command into the image's user, environment and folder, without any privilege."""
    uid, gid = user
    return [
        "/usr/bin/setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs",
        "--bounding-set=-all", "--inh-caps=-all",
        "/usr/bin/env", "-i", f"--chdir={config['WorkingDir']}", *config["Env"], "HOME=/var/lib/marketbus",
    ]  # fmt: skip


def _user(root: Path, name: str) -> tuple[int, int]:
    for line in (root / "etc/passwd").read_text().splitlines():
        user, _, uid, gid, *_ = line.split(":")
        if user == name:
            return int(uid), int(gid)
    raise LookupError(name)


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
