import asyncio
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from nats_process import NatsProcess, free_port, until

from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.options import NatsOptions, connect_arguments
from marketbus.domain.errors import BusUnavailable, ConfigError
from marketbus.domain.message import SENTENCES


class Events:
    def __init__(self) -> None:
        self.codes: list[str] = []
        self.fields: list[dict[str, str]] = []

    def __call__(self, code: str, fields: dict[str, str]) -> None:
        assert code in SENTENCES
        SENTENCES[code][0].format(**fields)
        self.codes.append(code)
        self.fields.append(fields)


async def test_an_outage_is_told_as_it_happens_and_ends(server: NatsProcess) -> None:
    events = Events()
    client = await open_connection(server.options, events)
    assert events.codes == ["nats.connected"]
    server.kill()
    await until(lambda: "nats.disconnected" in events.codes)
    await until(lambda: "nats.error" in events.codes)
    server.start()
    await until(lambda: events.codes[-1] == "nats.reconnected")
    assert events.codes.count("nats.error") < 5, "one word per cause, not per attempt"
    await close_connection(client)
    assert events.codes[-1] == "nats.reconnected", "closing is no outage"


async def test_nobody_there_at_first_is_an_error_that_names_the_servers() -> None:
    port = free_port()
    options = NatsOptions(url=(f"nats://user:hidden@127.0.0.1:{port}",))
    with pytest.raises(
        BusUnavailable, match=rf"nats://127.0.0.1:{port} cannot be reached.*start a nats-server"
    ) as caught:
        await open_connection(options, ignore)
    assert "hidden" not in str(caught.value)


async def test_the_first_server_may_be_down(server: NatsProcess) -> None:
    options = NatsOptions(url=(f"nats://127.0.0.1:{free_port()}", server.url))
    client = await open_connection(options, ignore)
    assert client.is_connected
    await close_connection(client)


async def test_wrong_credentials_are_an_error_that_says_so(tmp_path: Path) -> None:
    server = NatsProcess(tmp_path, "--user", "me", "--pass", "right")
    server.start()
    with pytest.raises(BusUnavailable, match=r"Authorization.*check nats.user"):
        await open_connection(NatsOptions(url=(server.url,), user="me", password="wrong"), ignore)
    client = await open_connection(NatsOptions(url=(server.url,), user="me", password="right"), ignore)
    await close_connection(client)
    server.kill()


async def test_a_refusal_whose_words_the_reset_swallowed_still_says_so() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","auth_required":true,"max_payload":1048576}\r\n')
        await reader.readline()  # CONNECT
        linger = struct.pack("ii", 1, 0)  # close with a reset, as the kernel does when unread bytes are left
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(BusUnavailable, match=r"Authorization refused.*check nats.user"):
            await open_connection(NatsOptions(url=(f"nats://127.0.0.1:{port}",), user="me", password="wrong"), ignore)


async def test_closing_a_connection_whose_server_is_gone_does_not_hang(server: NatsProcess) -> None:
    closed: list[bool] = []
    client = await open_connection(server.options, ignore, lambda: closed.append(True))
    server.freeze()
    await close_connection(client, 0.3)
    assert client.is_closed
    server.thaw()


async def test_a_connection_that_the_server_ends_for_good_is_told(tmp_path: Path) -> None:
    config = tmp_path / "nats.conf"
    config.write_text("authorization { user: me, password: right }\n")
    server = NatsProcess(tmp_path, "-c", str(config))
    server.start()
    closed: list[bool] = []
    options = NatsOptions(url=(server.url,), user="me", password="right")
    client = await open_connection(options, ignore, lambda: closed.append(True))
    config.write_text("authorization { user: me, password: changed }\n")
    server.reload()
    await until(lambda: bool(closed) or client.is_reconnecting)
    config.write_text("authorization { user: me, password: right }\n")
    server.reload()
    await until(lambda: bool(closed) or client.is_connected)
    await close_connection(client)
    server.kill()


def test_secrets_stay_out_of_the_repr() -> None:
    options = NatsOptions(url=("nats://u:hidden@h:1",), user="me", password="hidden", token="hidden")
    assert "hidden" not in repr(options)
    assert "hidden" not in str(options)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"url": ()}, "nats.url"),
        ({"url": ("http://a:1",)}, "nats.url"),
        ({"url": ("nats://a:notaport",)}, "nats.url"),
        ({"user": "me"}, "nats.password"),
        ({"password": "x"}, "nats.user"),
        ({"creds": "/nonexistent/x.creds"}, "nats.creds"),
        ({"nkey": "/nonexistent/x.nk"}, "nats.nkey"),
        ({"tls_ca": "/nonexistent/ca.pem"}, "nats.tls_ca"),
    ],
)
def test_a_wrong_option_is_named(fields: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}:"):
        connect_arguments(NatsOptions(**fields))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def junk(tmp_path: Path) -> Callable[[str], str]:
    def write(name: str) -> str:
        (tmp_path / name).write_text("junk")
        return str(tmp_path / name)

    return write


def test_files_that_are_no_certificates_are_named(junk: Callable[[str], str]) -> None:
    with pytest.raises(ConfigError, match=r"^nats\.tls_ca:"):
        connect_arguments(NatsOptions(tls_ca=junk("ca.pem")))
    with pytest.raises(ConfigError, match=r"^nats\.tls_cert:"):
        connect_arguments(NatsOptions(tls_cert=junk("a.pem"), tls_key=junk("b.pem")))
    with pytest.raises(ConfigError, match=r"^nats\.tls_cert:"):
        connect_arguments(NatsOptions(tls_key=junk("b.pem")))
