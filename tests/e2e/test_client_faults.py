"""When the server itself turns against a client, and the client comes back."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import marketbus
from marketbus import BusUnavailable, Gap, GapCause, Tick
from marketbus.wire import codec, subjects
from tests.unit.client.fakes import Worker, running_server, until, working

RB = "rb2701.SHFE"


def flood(port: int, ticks: Sequence[Tick], done: threading.Event) -> None:
    """Publish over a connection of its own, from a thread of its own."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as pipe:
        pipe.recv(4096)
        pipe.sendall(b'CONNECT {"verbose":false}\r\n')
        for start in range(0, len(ticks), 500):
            frames: list[bytes] = []
            for tick in ticks[start : start + 500]:
                body = codec.encode(tick)
                head = f"PUB {subjects.tick(tick.gateway, tick.instrument)} {len(body)}\r\n"
                frames.append(head.encode() + body + b"\r\n")
            pipe.sendall(b"".join(frames))
        pipe.sendall(b"PING\r\n")
        while b"PONG" not in pipe.recv(4096):
            pass
    done.set()


async def test_a_handler_that_blocks_is_cut_off_by_the_server_and_told_what_it_missed(tmp_path: Path) -> None:
    count = 100_000
    seen: list[int] = []
    gaps: list[Gap] = []
    sent = threading.Event()

    def handler(tick: Tick) -> None:
        if not seen:
            assert sent.wait(8)
        seen.append(tick.seq)

    with running_server(tmp_path, "max_pending: 1MB") as server:
        async with working(server.url, "ctp", RB) as worker, marketbus.connect(server.url) as bus:
            await bus.on_ticks(RB, handler, on_gap=gaps.append)
            ticks = [worker.make(RB) for _ in range(count)]
            threading.Thread(target=flood, args=(server.port, ticks, sent), daemon=True).start()
            await until(lambda: seen[-1:] == [count], 9)
            assert bus.stats.reconnects == 1
    assert seen == sorted(set(seen))
    assert [gap.cause for gap in gaps] == [GapCause.RECONNECT]
    assert len(seen) + sum(gap.missed or 0 for gap in gaps) == count


async def test_a_wrong_token_is_refused_at_once(tmp_path: Path) -> None:
    with running_server(tmp_path, 'authorization: {token: "good"}') as server:
        before = time.monotonic()
        with pytest.raises(BusUnavailable, match="uthorization"):
            await marketbus.connect(server.url, token="bad")
        assert time.monotonic() - before < 2
        async with marketbus.connect(server.url, token="good") as bus:
            assert bus.connected


async def test_a_connection_that_nats_py_gave_up_is_replaced(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with working(server.url, "ctp", RB) as worker, marketbus.connect(server.url) as bus:
            seen: list[int] = []
            await bus.on_ticks(RB, lambda tick: seen.append(tick.seq))
            await worker.tick(RB)
            await until(lambda: seen == [1])
            await bus._hub.link.client.close()  # pyright: ignore[reportPrivateUsage]
            await until(lambda: bus.connected and bus.stats.reconnects == 1)
            await until(lambda: worker.asked.count("snapshot") == 2)
            await worker.tick(RB)
            await until(lambda: seen == [1, 2])


async def test_the_bus_may_start_after_its_gateways_left(tmp_path: Path) -> None:
    """A gateway dies for a while under a feed: the lease is asked for until it is back."""
    with running_server(tmp_path) as server:
        worker = Worker(server.url, "ctp", RB)
        await worker.start()
        async with marketbus.connect(server.url) as bus:
            seen: list[tuple[int, int]] = []
            await bus.on_ticks(RB, lambda tick: seen.append((tick.epoch, tick.seq)), ttl=0.3)
            await worker.tick(RB)
            await until(lambda: seen == [(1, 1)])
            await worker.stop()
            await asyncio.sleep(0.5)  # longer than the lease and than several tries
            await worker.restart()
            await until(lambda: worker.wishes.leases)
            await worker.tick(RB)
            await until(lambda: seen == [(1, 1), (2, 1)])
        await worker.stop()
