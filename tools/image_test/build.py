"""A Debian base by debootstrap, and the image on it by buildah: no engine, no daemon, no image from elsewhere."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SUITE = "bookworm"
BASE = "localhost/marketbus-base:latest"
IMAGE = "localhost/marketbus:image-test"
PACKAGES = {"buildah": "buildah", "debootstrap": "debootstrap", "unshare": "util-linux", "ip": "iproute2"}
UNWANTED = ("doc", "man", "locale", "info", "lintian", "linda")
"""Folders of /usr/share that debian:bookworm-slim does without."""


class Failed(Exception):
    """A step that the others rest on; its words say which."""


def run(*command: str | Path, env: Mapping[str, str] | None = None, quiet: bool = True, cwd: Path = ROOT) -> str:
    """What a command says on stdout. Raises Failed with the end of its words."""
    errors = subprocess.PIPE if quiet else None
    done = subprocess.run(
        [str(word) for word in command], env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=errors, text=True, check=False
    )
    if done.returncode:
        words = f"{done.stdout}\n{done.stderr or ''}".strip()[-2000:]
        raise Failed(f"{command[0]} {command[1]}: exit code {done.returncode}\n{words}")
    return done.stdout.strip()


def install_tools() -> None:
    """What builds and runs the image here."""
    missing = sorted({package for tool, package in PACKAGES.items() if shutil.which(tool) is None})
    if not missing:
        return
    run("apt-get", "update", "-qq")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing, env=env)


class Builder:
    """Everything it makes, buildah's store too, lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        storage = folder / "storage.conf"
        storage.write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{folder / "graph"}"\nrunroot = "{folder / "run"}"\n'
        )
        # chroot isolation and vfs need neither user namespaces nor overlay mounts.
        self._env = os.environ | {"CONTAINERS_STORAGE_CONF": str(storage), "BUILDAH_ISOLATION": "chroot"}

    def base(self) -> None:
        """Debian's minimal system, less what the slim image of Docker Hub leaves out."""
        root = self._folder / "base"
        run("debootstrap", "--variant=minbase", SUITE, root, *_mirror())
        for name in UNWANTED:
            shutil.rmtree(root / "usr/share" / name, ignore_errors=True)
        for folder in ("var/lib/apt/lists", "var/cache/apt"):
            shutil.rmtree(root / folder)
            (root / folder).mkdir()
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, root, "/")
        self.buildah("commit", "--quiet", "--rm", container, BASE)
        shutil.rmtree(root)

    def image(self) -> None:
        """As a user builds it: `make image`."""
        env = self._env | {"ENGINE": "buildah", "BASE_IMAGE": BASE, "IMAGE": IMAGE}
        (self._folder / "build.log").write_text(run("scripts/image.sh", env=env, quiet=False))

    def config(self) -> dict[str, Any]:
        """What the image tells engines: User, Env, WorkingDir, Entrypoint, Cmd, Volumes, Healthcheck."""
        return json.loads(self.buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]

    def mount(self) -> Path:
        """The root of a new container of the image."""
        return self._mount(IMAGE)

    def base_root(self) -> Path:
        """The base's own."""
        return self._mount(BASE)

    def packed(self) -> int:
        """Bytes of the image with its layers compressed, as a registry would keep it."""
        target = self._folder / "packed"
        self.buildah("push", "--quiet", "--format", "docker", IMAGE, f"dir:{target}")
        size = sum(file.stat().st_size for file in target.iterdir())
        shutil.rmtree(target)
        return size

    def buildah(self, *arguments: str | Path) -> str:
        """What it says."""
        return run("buildah", *arguments, env=self._env)

    def _mount(self, image: str) -> Path:
        return Path(self.buildah("mount", self.buildah("from", "--pull-never", image)))

    def remove(self) -> None:
        """Unmounts and forgets all containers."""
        self.buildah("rm", "--all")


def _mirror() -> tuple[str, ...]:
    """DEBIAN_MIRROR, else where this machine takes the same release from, else debootstrap's own choice."""
    if given := os.environ.get("DEBIAN_MIRROR"):
        return (given,)
    targets = run("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages")
    return tuple(line.split()[1] for line in targets.splitlines() if line.split()[0] == SUITE)[:1]
