"""A system whose nats-server runs `deploy/nats`: TLS, a key per user, roles."""

import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from nats.aio.client import Client

import marketbus
from marketbus.client.options import tls_of
from marketbus.ipc import IPCNode
from marketbus.wire import subjects
from tests.system.config import write_config
from tests.system.nats import NatsServer
from tests.system.poll import eventually
from tests.system.process import Process
from tests.system.system import System

DEPLOY = Path(__file__).parents[2] / "deploy" / "nats"
MORE_USERS = """
[user.wang]
role = "trader"
accounts = ["other"]

[user.node]
role = "consumer"
ipc = true
"""


def permits(folder: Path, *arguments: str) -> str:
    """`marketbus permits users.toml` as an administrator runs it; what it said."""
    command = [sys.executable, "-m", "marketbus.apps.main", "permits", "users.toml", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class PermittedSystem(System):
    """As System; clients and workers need to say who they are."""

    def __init__(self, folder: Path, **lab: Any) -> None:
        shutil.copy(DEPLOY / "nats-server.conf", folder)
        (folder / "users.toml").write_text((DEPLOY / "users.toml").read_text() + MORE_USERS)
        permits(folder)
        super().__init__(folder, lab)
        self.nats = NatsServer(folder, config=folder / "nats-server.conf")
        self.url = self.nats.url.replace("nats://", "tls://")

    def seed(self, user: str) -> Path:
        """The file of a user's key."""
        return self.folder / "keys" / f"{user}.nk"

    @property
    def authority(self) -> Path:
        """What clients trust."""
        return self.folder / "tls" / "ca.pem"

    def worker_config(self, user: str, **gateways: Any) -> Path:
        """A configuration whose workers are this user."""
        nats = {"url": self.url, "principal": user, "nkey": str(self.seed(user)), "tls_ca": str(self.authority)}
        return write_config(self.folder / f"{next(iter(gateways))}.toml", nats, gateways)

    def trading_worker(self) -> Process:
        """A worker that trades, as the user `workers`."""
        return self.start(self.worker_config("workers", ctp=self.gateway(self.kind.one, trading=True)))

    def bus(self, user: str, **options: Any) -> marketbus.Bus:
        """A client."""
        given: dict[str, Any] = {"principal": user, "nkey": self.seed(user), "tls_ca": self.authority} | options
        return marketbus.connect(self.url, **given)

    def node(self, user: str, *, name: str = "") -> IPCNode:
        """A program that speaks to others."""
        return IPCNode(
            name or user,
            self.url,
            nkeys_seed=str(self.seed(user)),
            inbox_prefix=subjects.inbox(user),
            tls=tls_of(self.authority),
        )

    def command(self, user: str, *arguments: str) -> Process:
        """The command line in a shell that has read the user's `.env`; its server is elsewhere than that says."""
        lines = (self.folder / "keys" / f"{user}.env").read_text().splitlines()
        given = dict(line.split("=", 1) for line in lines) | {"MARKETBUS_URL": self.url}
        argv = (sys.executable, "-m", "marketbus.apps.main", *arguments)
        return self.process(f"{user}-{arguments[0]}", *argv, env=self.env | given, cwd=self.folder)

    @asynccontextmanager
    async def person(self, user: str) -> "AsyncGenerator[Person]":
        """Somebody who knows nothing but the subjects, and may try anything."""
        client, words = Client(), list[str]()

        async def heard(error: Exception) -> None:
            words.append(str(error))

        await client.connect(
            self.url,
            error_cb=heard,
            nkeys_seed=str(self.seed(user)),
            tls=tls_of(self.authority),
            inbox_prefix=subjects.inbox(user),
        )
        yield Person(client, words)
        await client.close()


class Person:
    """A raw connection, and what the server said against it."""

    def __init__(self, client: Client, words: Sequence[str]) -> None:
        self.client = client
        self.words = words

    async def refused_to_publish(self, subject: str, payload: bytes = b"{}", reply: str = "") -> None:
        """Asserts that the server does."""
        await self.client.publish(subject, payload, reply=reply)
        await self._refused(f'permissions violation for publish to "{subject.lower()}"')

    async def refused_to_listen(self, subject: str) -> None:
        """Asserts that the server does."""
        await self.client.subscribe(subject)  # pyright: ignore[reportUnknownMemberType]
        await self._refused(f'permissions violation for subscription to "{subject.lower()}"')

    async def _refused(self, words: str) -> None:
        await eventually(lambda: any(words in each for each in self.words), f"{words} in {self.words}", 5.0)
