"""Users and roles on a real nats-server of deploy/nats: who may, who may not, and what they are told."""

import json
import time
from collections.abc import Iterator

import pytest
from nats.aio.msg import Msg

import marketbus
from marketbus import NotPermitted
from marketbus.apps.exit_codes import ExitCode
from marketbus.client.vnpy_gateway.setting import Setting
from marketbus.domain.tick import Tick, TickFlag
from marketbus.wire import codec, subjects
from tests.system import eventually
from tests.system.permitted import PermittedSystem, permits

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


def low(system: PermittedSystem) -> float:
    """A price that rests."""
    symbol = system.kind.one.partition(".")[0]
    depth = system.lab.call(lambda lab: lab.terminal._venue.depth(symbol))  # pyright: ignore[reportPrivateUsage]
    return float(depth.lower)


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
    vnpy = {"总线地址": system.url, "用户名": "li", "NKEY文件": system.seed("li"), "CA证书": system.authority}
    async with Setting.of(vnpy).bus("MARKETBUS") as bus:
        sent = await bus.buy(system.kind.one, 1, low(system), client_order_id="li-1")
        accepted = await sent.accepted(within=10)
        assert (accepted.origin, accepted.account) == ("li", "main")
        assert [order.client_order_id for order in await bus.orders(active=True)] == ["li-1"]
        assert (await bus.account()).balance > 0
        await sent.cancel()
    assert orders_at_the_venue(system) == before + 1
    async with system.bus("wang") as other, system.bus("recorder") as consumer:
        for stranger in (other, consumer):
            began = time.monotonic()
            with pytest.raises(NotPermitted):
                await stranger.buy(system.kind.one, 1, low(system))
            with pytest.raises(NotPermitted):
                await stranger.orders()
            with pytest.raises(NotPermitted):
                await stranger.cancel("li-1")
            with pytest.raises(NotPermitted):
                async for _ in stranger.follow_orders():
                    pass
            assert time.monotonic() - began < LONG
    async with system.person("li") as li, system.person("wang") as wang:
        await li.refused_to_publish(subjects.td_rpc("ctp", "main", "send_order", "wang"))
        await li.refused_to_publish(subjects.td_rpc("ctp", "other", "send_order", "li"))
        await li.refused_to_publish(subjects.td_rpc("ctp2", "main", "send_order", "li"))
        await li.refused_to_publish(subjects.rpc("ctp", "ops", "release", "li"))
        for verb in ("send_order", "cancel_all", "orders"):
            for principal in ("wang", "li"):
                await wang.refused_to_publish(subjects.td_rpc("ctp", "main", verb, principal))
        await wang.refused_to_listen("td.order.ctp.main.>")
    assert orders_at_the_venue(system) == before + 1


async def test_an_operator_kills_and_sends_no_orders(system: PermittedSystem) -> None:
    await ready(system)
    async with system.bus("duty") as duty, system.bus("li") as li:
        sent = await li.buy(system.kind.one, 1, low(system), client_order_id="li-2")
        await sent.accepted(within=10)
        with pytest.raises(NotPermitted, match=r"'duty' publish to rpc\.ctp\.td\.main\.send_order\.duty"):
            await duty.buy(system.kind.one, 1, low(system))
        refused = system.command("li", "kill")
        killed = system.command("duty", "kill", "--why", "drill")
        assert killed.wait(30) == ExitCode.STOPPED, killed.words()
        assert (await sent.done(within=10)).state == "CANCELLED"
        assert refused.wait(30) == ExitCode.FAILURE
        assert "NATS does not let 'li' publish to rpc.ctp.ops.kill.li" in refused.words()
        assert len(killed.words().splitlines()) <= 3, killed.words()
        assert len(refused.words().splitlines()) == 1, refused.words()
        with pytest.raises(marketbus.OrderDenied, match="kill"):
            await li.buy(system.kind.one, 1, low(system))
        assert (await duty.order("li-2")).state == "CANCELLED"
        async with system.person("duty") as raw:
            await raw.refused_to_publish(subjects.rpc("ctp", "ops", "kill", "li"))
            answer = await raw.client.request(subjects.rpc("ctp", "ops", "release", "duty"), b"{}", timeout=5)
            assert not json.loads(answer.data)["pulled"]


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
    assert "does not let" not in system.logs["worker-ctp"].read_text()
    assert other.wait(20) == ExitCode.CONFIG
    assert "the bus does not let our user use $kv.marketbus_names.ctp2" in other.words()
    standby.stop()


async def test_between_programs_a_node_has_the_name_of_its_user(system: PermittedSystem) -> None:
    async with system.node("node") as node, system.node("recorder") as stranger:
        await node.register("length", len)
        assert await node.call("node", "length", "three") == 5
        began = time.monotonic()
        with pytest.raises(NotPermitted, match="ipc = true"):
            await stranger.call("node", "length", "three")
        with pytest.raises(NotPermitted):
            await stranger.subscribe("alerts", print)
        assert time.monotonic() - began < LONG
    async with system.node("node", name="risk") as impostor:
        with pytest.raises(NotPermitted, match=r"ipc\.rpc\.risk\.limit"):
            await impostor.register("limit", print)


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
    # TCP may throw the server's words away with the connection (seam.asks_for_credentials says how).
    with pytest.raises(marketbus.BusUnavailable, match=r"does not let us in: .*MARKETBUS_NKEY|reset|EOF"):
        await system.bus("li", nkey=old)
    with pytest.raises(marketbus.BusUnavailable, match=r"(?i)certificate verify failed.*MARKETBUS_TLS_CA"):
        await marketbus.connect(system.url, nkey=system.seed("li"), principal="li")
