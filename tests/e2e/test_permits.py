"""Users and roles on a real nats-server of deploy/nats: who may, who may not, and what they are told."""

import json
import time
from collections.abc import Iterator
from time import time_ns
from typing import Any

import pytest
from nats.aio.msg import Msg

import marketbus
from marketbus import NotPermitted
from marketbus.apps.exit_codes import ExitCode
from marketbus.domain.order import Order
from marketbus.domain.tick import Tick, TickFlag
from marketbus.wire import codec, subjects
from tests.system import eventually
from tests.system.permitted import PermittedSystem, Person, permits

WAIT = 5_000_000_000
LONG = 3.0
"""Far below every time-out of a request."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PermittedSystem]:
    with PermittedSystem(tmp_path_factory.mktemp("bus")) as system:
        system.trading_worker()
        yield system


async def ready(system: PermittedSystem) -> None:
    async with system.bus("recorder") as bus:
        await system.ready(bus)
        await eventually(lambda: has_tick(bus, system.kind.one), "a tick")


async def has_tick(bus: marketbus.Bus, vt_symbol: str) -> bool:
    return bool(await bus.snapshot(vt_symbol))


async def ask(person: Person, user: str, verb: str, **body: Any) -> dict[str, Any]:
    subject = subjects.td_rpc("ctp", "main", verb, user)
    return json.loads((await person.client.request(subject, json.dumps(body).encode(), timeout=5)).data)


async def send(person: Person, user: str, system: PermittedSystem, order_id: str) -> dict[str, Any]:
    symbol, _, exchange = system.kind.one.partition(".")
    depth = system.lab.call(lambda lab: lab.terminal._venue.depth(symbol))  # pyright: ignore[reportPrivateUsage]
    return await ask(
        person, user, "send_order", symbol=symbol, exchange=exchange, client_order_id=order_id, direction="long",
        offset="open", volume=1, price=float(depth.lower), valid_until=time_ns() + WAIT,
    )  # fmt: skip


def orders_at_the_venue(system: PermittedSystem) -> int:
    return len(system.lab.call(lambda lab: lab.terminal.books())["orders"])


async def test_a_consumer_has_market_data_and_is_told_at_once_what_it_may_not(system: PermittedSystem) -> None:
    await ready(system)
    one = system.kind.one
    async with system.bus("recorder") as bus:
        async for tick in bus.ticks("rb*.SHFE"):
            if not tick.flags & TickFlag.SNAPSHOT:
                break
        assert (await bus.contract(one)).vt_symbol == one
        assert (await bus.calendar()).is_trading_day(20261120)
        assert (await bus.gateways())[0].state == "READY"
        began = time.monotonic()
        with pytest.raises(NotPermitted) as pinning:
            await bus.pin(one)
        assert (pinning.value.subject, pinning.value.principal) == ("rpc.ctp.ops.pin.recorder", "recorder")
        with pytest.raises(NotPermitted, match="does not let 'recorder' publish to"):
            await bus.reconnect("ctp")
        assert time.monotonic() - began < LONG
    async with system.bus("recorder", principal="li") as liar:
        with pytest.raises(NotPermitted, match=r"listen on _INBOX\.li\..*MARKETBUS_PRINCIPAL"):
            await liar.snapshot(one)


async def test_a_consumer_neither_orders_nor_forges_nor_reads_what_is_others(system: PermittedSystem) -> None:
    await ready(system)
    before = orders_at_the_venue(system)
    symbol, _, exchange = system.kind.one.partition(".")
    subject = f"md.tick.ctp.{exchange}.{symbol}"
    async with system.person("recorder") as thief, system.person("duty") as witness:
        heard: list[bytes] = []

        async def take(message: Msg) -> None:
            heard.append(message.data)

        await witness.client.subscribe(subject, cb=take)  # pyright: ignore[reportUnknownMemberType]
        await witness.client.flush()
        await thief.refused_to_publish(subject, b"forged")
        for name in ("sys.gateway.ctp", "sys.log.ctp.INFO", "td.account.ctp.main", "$KV.marketbus_names.ctp"):
            await thief.refused_to_publish(name)
        for principal in ("recorder", "li", "duty"):
            await thief.refused_to_publish(subjects.td_rpc("ctp", "main", "send_order", principal))
            await thief.refused_to_publish(subjects.rpc("ctp", "ops", "kill", principal))
        for name in ("_INBOX.>", "_INBOX.li.>", ">", "td.>", "td.order.ctp.main.>", "rpc.>", "$SRV.INFO.marketbus"):
            await thief.refused_to_listen(name)
        # A reply subject is not the sender's to publish on, but the gateway's: it does not fall for that.
        await thief.client.publish("rpc.ctp.md.snapshot", json.dumps({"patterns": [system.kind.one]}).encode(), subject)
        await thief.client.request("rpc.ctp.md.status", b"", timeout=5)
        count = len(heard)
        await eventually(lambda: len(heard) > count + 3, "more ticks")
    assert not [each for each in heard if each == b"forged" or codec.decode(Tick, each).flags & TickFlag.SNAPSHOT]
    assert orders_at_the_venue(system) == before


async def test_a_trader_trades_under_its_own_name_on_its_own_account(system: PermittedSystem) -> None:
    await ready(system)
    before = orders_at_the_venue(system)
    async with system.person("li") as li, system.person("wang") as wang:
        heard: list[Order] = []

        async def take(message: Msg) -> None:
            heard.append(codec.decode(Order, message.data))

        await li.client.subscribe("td.order.ctp.main.>", cb=take)  # pyright: ignore[reportUnknownMemberType]
        await li.client.flush()
        sent = await send(li, "li", system, "li-1")
        assert (sent["denied_by"], sent["origin"]) == ("", "li")
        await eventually(lambda: any(order.state == "ACCEPTED" for order in heard), "the accepted order")
        await li.refused_to_publish(subjects.td_rpc("ctp", "main", "send_order", "wang"))
        await li.refused_to_publish(subjects.td_rpc("ctp", "other", "send_order", "li"))
        await li.refused_to_publish(subjects.td_rpc("ctp2", "main", "send_order", "li"))
        await li.refused_to_publish(subjects.rpc("ctp", "ops", "release", "li"))
        for verb in ("send_order", "cancel_all", "orders"):
            for principal in ("wang", "li"):
                await wang.refused_to_publish(subjects.td_rpc("ctp", "main", verb, principal))
        await wang.refused_to_listen("td.order.ctp.main.>")
        assert orders_at_the_venue(system) == before + 1
        cancelled = await ask(li, "li", "cancel_order", client_order_id="li-1", valid_until=time_ns() + WAIT)
        assert cancelled["client_order_id"] == "li-1"


async def test_an_operator_kills_and_sends_no_orders(system: PermittedSystem) -> None:
    await ready(system)
    async with system.person("duty") as duty, system.person("li") as li:

        async def operate(verb: str) -> dict[str, Any]:
            answer = await duty.client.request(subjects.rpc("ctp", "ops", verb, "duty"), b"{}", timeout=5)
            return json.loads(answer.data)

        await duty.refused_to_publish(subjects.td_rpc("ctp", "main", "send_order", "duty"))
        assert (await operate("kill"))["pulled"]
        assert (await send(li, "li", system, "li-2"))["denied_by"] == "killed"
        assert not (await operate("release"))["pulled"]
        answer = await ask(duty, "duty", "order", client_order_id="li-2")
        assert answer["state"] == "DENIED"
        await duty.refused_to_publish(subjects.rpc("ctp", "ops", "kill", "li"))


async def test_a_gateway_is_itself_only_and_keeps_its_name_by_the_lease(system: PermittedSystem) -> None:
    await ready(system)
    async with system.person("workers") as box:
        for name in ("md.tick.ctp2.SHFE.rb2701", "sys.gateway.ctp2", "$KV.marketbus_names.ctp2", "rpc.ctp2.md.status"):
            await box.refused_to_publish(name)
        await box.refused_to_publish("$JS.API.STREAM.DELETE.KV_marketbus_names")
        await box.refused_to_publish(subjects.td_rpc("ctp", "main", "send_order", "workers"))
        for name in ("rpc.ctp2.>", "md.tick.>", "td.>", "_INBOX.li.>"):
            await box.refused_to_listen(name)
    standby = system.standby()
    other = system.start(system.worker_config("workers", ctp2=system.gateway()), "ctp2")
    await eventually(lambda: "standby" in standby.words(), "the second worker to wait for the name")
    assert "JetStream" not in standby.words()
    assert other.wait(20) == ExitCode.CONFIG
    assert "the bus does not let our user use $kv.marketbus_names.ctp2" in other.words()
    standby.stop()


async def test_a_key_is_rotated_without_a_restart_of_anything(system: PermittedSystem) -> None:
    await ready(system)
    old = system.folder / "old.nk"
    async with system.bus("li") as bus:
        old.write_bytes(system.seed("li").read_bytes())
        epoch = (await bus.gateways())[0].epoch
        said = permits(system.folder, "--rotate", "li", "--rotate", "workers")
        assert said.count("new key of") == 2
        system.nats.reload()
        await eventually(lambda: bus.stats.reconnects >= 1, "li to come back with the new key")
        assert (await system.ready(bus)).epoch == epoch  # the worker came back too, and is the same one
        async for tick in bus.ticks(system.kind.one, snapshot=False):
            assert tick.epoch == epoch
            break
    with pytest.raises(marketbus.BusUnavailable, match=r"(?i)authorization|refuse"):
        await system.bus("li", nkey=old)
    with pytest.raises(marketbus.BusUnavailable, match=r"(?i)certificate"):
        await marketbus.connect(system.url, nkey=system.seed("li"), principal="li")
