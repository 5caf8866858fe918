import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

import msgspec
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig
from nats_process import NatsProcess, until

from marketbus.adapters.clock import SystemClock
from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.holder import myself
from marketbus.adapters.nats.name_bucket import BUCKET, NameBucket, key_of
from marketbus.adapters.nats.name_lease import KvNameLease
from marketbus.domain.errors import BusUnavailable

TTL = 1.0
Make = Callable[..., Awaitable[KvNameLease]]


def unheard(host: str, pid: int) -> None:
    raise AssertionError("nobody else holds the name")


@pytest.fixture
async def lease(server: NatsProcess) -> AsyncIterator[Make]:
    """Makes a worker's lease of the one name, each on a connection of its own."""
    clients: list[Client] = []

    async def make(token: str, name: str = "主力 1", ttl: float = TTL) -> KvNameLease:
        clients.append(await open_connection(server.options, ignore))
        return KvNameLease(clients[-1], name, SystemClock(), Random(token), token=token, ttl=ttl)

    yield make
    for client in clients:
        await close_connection(client)


async def test_of_many_racing_workers_exactly_one_gets_the_name(lease: Make) -> None:
    workers = [await lease(str(number)) for number in range(8)]
    told: list[int] = []
    tasks = [asyncio.create_task(one.acquire(lambda host, pid: told.append(pid))) for one in workers]
    await until(lambda: len(told) == 7)
    assert [task.done() for task in tasks].count(True) == 1
    assert [one.held for one in workers].count(True) == 1
    assert len(told) == 7, "each standby is told once"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_name_given_back_goes_to_the_standby(lease: Make) -> None:
    one, two = await lease("one"), await lease("two")
    await one.acquire(unheard)
    holding = asyncio.create_task(one.hold())
    standby = asyncio.create_task(two.acquire(lambda host, pid: None))
    _, waiting = await asyncio.wait({standby}, timeout=2 * TTL)
    assert waiting, "a renewed lease does not run out"
    holding.cancel()
    await one.release()
    assert not one.held
    await asyncio.wait_for(standby, TTL)
    assert two.held


async def test_a_silent_holder_is_succeeded_and_steps_down_when_it_wakes(lease: Make) -> None:
    one, two = await lease("one"), await lease("two")
    await one.acquire(unheard)
    await two.acquire(lambda host, pid: None)
    assert not one.held, "it must know before it asks"
    keeping = asyncio.create_task(two.hold())
    await asyncio.wait_for(one.hold(), 5 * TTL)
    assert two.held
    await one.release()
    assert not keeping.done()
    keeping.cancel()


async def test_a_holder_that_was_late_but_has_no_successor_goes_on(lease: Make) -> None:
    one = await lease("one")
    await one.acquire(unheard)
    await until(lambda: not one.held)
    holding = asyncio.create_task(one.hold())
    await until(lambda: one.held)
    assert not holding.done()
    holding.cancel()


async def test_an_outage_is_no_loss_although_the_bucket_is_gone_after_it(lease: Make, server: NatsProcess) -> None:
    one = await lease("one")
    await one.acquire(unheard)
    holding = asyncio.create_task(one.hold())
    server.kill()
    await until(lambda: not one.held)
    assert not holding.done()
    server.start()
    await until(lambda: one.held)
    assert not holding.done()
    holding.cancel()


async def test_after_a_restart_of_the_server_one_of_holder_and_standby_is_live(
    lease: Make, server: NatsProcess
) -> None:
    one, two = await lease("one"), await lease("two")
    live: list[str] = []

    async def work(worker: KvNameLease, token: str) -> None:
        await worker.acquire(lambda host, pid: None)
        live.append(token)
        await worker.hold()
        live.remove(token)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(one, "one"))]
        await until(lambda: live == ["one"])
        tasks.append(group.create_task(work(two, "two")))
        for _ in range(3):
            server.kill()
            await until(lambda: not one.held and not two.held)
            server.start()
            await until(lambda: one.held or two.held)
            assert not (one.held and two.held)
            # a holder that lost its name while NATS was away hears of it
            await until(lambda: len(live) == 1)
        for task in tasks:
            task.cancel()


async def test_an_old_revision_means_nothing_in_a_bucket_made_anew(server: NatsProcess) -> None:
    client = await open_connection(server.options, ignore)
    stale, fresh = (NameBucket(client, "a", SystemClock(), TTL) for _ in range(2))
    old = await stale.create(myself("stale"))
    assert old is not None
    await JetStreamContext(client).delete_key_value(BUCKET)
    assert await fresh.create(myself("fresh"))
    assert await stale.update(myself("stale"), old) is None
    holder, _ = await fresh.holder()
    assert holder is not None
    assert holder.token == "fresh"
    await close_connection(client)


async def test_a_bucket_of_other_settings_rules_the_ttl(lease: Make, server: NatsProcess) -> None:
    client = await open_connection(server.options, ignore)
    await JetStreamContext(client).create_key_value(KeyValueConfig(bucket=BUCKET, ttl=2 * TTL))  # pyright: ignore
    one = await lease("one")
    await one.acquire(unheard)
    asked = asyncio.get_running_loop().time()
    await until(lambda: not one.held)
    assert asyncio.get_running_loop().time() - asked > 1.5 * TTL
    await close_connection(client)


async def test_without_jetstream_it_says_how_to_enable_it(tmp_path: Path) -> None:
    server = NatsProcess(tmp_path)
    server.start()
    client = await open_connection(server.options, ignore)
    with pytest.raises(BusUnavailable, match="-js"):
        await KvNameLease(client, "a", SystemClock(), Random(1), token="t", ttl=TTL).acquire(unheard)
    await close_connection(client)
    server.kill()


def test_names_become_keys_without_collision() -> None:
    names = ["ctp-main", "ctp.main", "ctp main", "CTP-main", "主力", "a=b", "a%3Db", "a/b", "..", "*"]
    assert len({key_of(name) for name in names}) == len(names)
    assert key_of("a=b") == "a=3Db"
    assert all(
        set(key_of(name)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=") for name in names
    )


@pytest.mark.parametrize(("elsewhere", "at_once"), [(False, True), (True, False)])
async def test_a_dead_process_of_this_machine_is_not_waited_for(
    server: NatsProcess, lease: Make, elsewhere: bool, at_once: bool
) -> None:
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    machine = "another boot/pid:[1]" if elsewhere else myself("x").machine
    dead = msgspec.structs.replace(myself("dead"), pid=process.pid, machine=machine)
    two = await lease("two", ttl=30.0)
    client = await open_connection(server.options, ignore)
    await NameBucket(client, "主力 1", SystemClock(), 30.0).create(dead)
    acquiring = asyncio.create_task(two.acquire(lambda host, pid: None))
    done, _ = await asyncio.wait({acquiring}, timeout=1.0)
    assert bool(done) is at_once
    acquiring.cancel()
    await asyncio.gather(acquiring, return_exceptions=True)
    await close_connection(client)
