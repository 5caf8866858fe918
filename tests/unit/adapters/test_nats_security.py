"""Every way into a NATS server that asks who we are: the worker's connections and the client's, against a real one."""

import ssl
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import trustme
from nats_accounts import operator_mode, user_key
from nats_process import NatsProcess, subscribe, until

import marketbus
from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.options import NatsOptions
from marketbus.adapters.nats.publisher import NatsTickPublisher
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick
from marketbus.wire.native import native


class Way(NamedTuple):
    """A server's configuration, and how both sides get in."""

    config: str
    worker: NatsOptions
    client: dict[str, Any]


def password(folder: Path) -> Way:
    config = 'authorization { users = [ { user: "u", password: "s3cret" } ] }\n'
    return Way(config, NatsOptions(user="u", password="s3cret"), {"user": "u", "password": "s3cret"})


def token(folder: Path) -> Way:
    return Way('authorization { token: "t0ken" }\n', NatsOptions(token="t0ken"), {"token": "t0ken"})


def nkey(folder: Path) -> Way:
    public, seed = user_key()
    (folder / "user.nk").write_bytes(seed)
    path = str(folder / "user.nk")
    return Way(f"authorization {{ users = [ {{ nkey: {public} }} ] }}\n", NatsOptions(nkey=path), {"nkey": path})


def creds(folder: Path) -> Way:
    config, text = operator_mode()
    (folder / "user.creds").write_text(text)
    path = str(folder / "user.creds")
    return Way(config, NatsOptions(creds=path), {"creds": path})


def mutual_tls(folder: Path) -> Way:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("worker@marketbus")
    for name, issued in (("server", server), ("client", client)):
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
    files = {name: str(folder / name) for name in ("ca.pem", "client.pem", "client.key", "server.pem", "server.key")}
    config = (
        f'tls {{ cert_file: "{files["server.pem"]}", key_file: "{files["server.key"]}", '
        f'ca_file: "{files["ca.pem"]}", verify: true }}\n'
    )
    context = ssl.create_default_context(cafile=files["ca.pem"])
    context.load_cert_chain(files["client.pem"], files["client.key"])
    worker = NatsOptions(tls_ca=files["ca.pem"], tls_cert=files["client.pem"], tls_key=files["client.key"])
    return Way(config, worker, {"tls": context})


WAYS = [password, token, nkey, creds, mutual_tls]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Way:
    make: Callable[[Path], Way] = request.param
    return make(tmp_path)


@pytest.fixture
def guarded(way: Way, tmp_path: Path) -> Generator[NatsProcess]:
    (tmp_path / "nats.conf").write_text(way.config)
    server = NatsProcess(tmp_path, "-c", str(tmp_path / "nats.conf"))
    server.start()
    yield server
    server.kill()


async def test_who_may_comes_in_and_ticks_pass(way: Way, guarded: NatsProcess) -> None:
    options = msgspec.structs.replace(way.worker, url=(guarded.url,))
    client = await open_connection(options, ignore)
    got: list[bytes] = []

    async def take(message: Any) -> None:
        got.append(message.data)

    await subscribe(client, "md.tick.>", take)
    await client.flush()
    publisher = NatsTickPublisher(options, SystemClock(), ignore)
    await publisher.start()
    for seq in range(1, 501):
        publisher.tick(Tick("g", "rb2701", Exchange.SHFE, 1, SystemClock().now(), 1, seq))
    await until(lambda: len(got) == 500)
    by_loop = bool(way.worker.tls_ca) and native().module is not None
    assert ("written in Python" in publisher.path) is by_loop
    await publisher.stop()
    await close_connection(client)
    async with marketbus.connect(guarded.url, **way.client) as bus:
        assert bus.connected


async def test_who_may_not_is_told_and_no_secret_is_shown(way: Way, guarded: NatsProcess) -> None:
    with pytest.raises(BusUnavailable) as refused:
        await open_connection(NatsOptions(url=(guarded.url,)), ignore, within=5.0)
    with pytest.raises(BusUnavailable):
        await marketbus.connect(guarded.url)
    for secret in ("s3cret", "t0ken", "SU"):
        assert secret not in f"{refused.value} {way.worker!r}"
