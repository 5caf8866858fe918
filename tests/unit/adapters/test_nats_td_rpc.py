"""An account's verbs on a real nats-server, over the real desk and journal."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from fake_service import FakeService
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats_process import NatsProcess, connect, subscribe

from marketbus.adapters.nats.rpc_host import RpcHost
from marketbus.application.trading.service import AccountService
from marketbus.apps.cli import kill, risk
from marketbus.apps.logs import Logs
from marketbus.apps.supervisor.local import LocalControl
from marketbus.domain.errors import BadRequest, ConfigError, UnknownGateway
from marketbus.domain.order import Order
from marketbus.domain.times import NS
from marketbus.domain.trade import Trade
from marketbus.lab.trading.order import Side
from marketbus.wire import codec, subjects
from marketbus.wire.rpc import Group
from marketbus.wire.td_rpc import TD_VERBS
from tests.system import eventually
from tests.unit.application.trading.world import World


class Bus:
    """A client beside a trading worker."""

    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        self.world = world
        self.errors: list[tuple[str, Exception]] = []
        service = AccountService(world.trading, world.journal, world.time)
        self.host = RpcHost(
            client, FakeService(), lambda verb, error: self.errors.append((verb, error)), gateway="ctp", kind="ctp",
            simulated=True, version="0.1.0", trading=service,
        )  # fmt: skip

    async def ask(self, verb: str, **body: Any) -> dict[str, Any]:
        answer = await self.raw(subjects.td_rpc("ctp", "main", verb, "li"), json.dumps(body).encode())
        return json.loads(answer.data)

    async def ops(self, verb: str, **body: Any) -> dict[str, Any]:
        return json.loads((await self.raw(subjects.rpc("ctp", "ops", verb, "wang"), json.dumps(body).encode())).data)

    async def raw(self, subject: str, body: bytes) -> Msg:
        return await self.client.request(subject, body, timeout=10)

    async def stream(self, verb: str, **body: Any) -> list[bytes]:
        inbox = self.client.new_inbox()
        subscription = await subscribe(self.client, inbox)
        await self.client.publish(subjects.td_rpc("ctp", "main", verb, "li"), json.dumps(body).encode(), reply=inbox)
        found: list[bytes] = []
        while data := (await subscription.next_msg(10)).data:
            found.append(data)
        await subscription.unsubscribe()
        return found

    async def order(self, order_id: str, **changes: Any) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "symbol": "rb2701", "exchange": "SHFE", "direction": "多", "offset": "开", "volume": 2, "price": 3000,
            "client_order_id": order_id, "valid_until": self.world.time.ns + NS,
        }  # fmt: skip
        return await self.ask("send_order", **(fields | changes))


@pytest.fixture
async def bus(server: NatsProcess, tmp_path: Path) -> AsyncGenerator[Bus]:
    world = World(tmp_path / "state")
    await world.start()
    await world.ready()
    client = await connect(server.url)
    one = Bus(client, world)
    await one.host.start()
    yield one
    await one.host.stop()
    await client.close()
    await world.kill_9()


async def test_an_order_goes_out_is_filled_and_is_told_from_the_journal(bus: Bus) -> None:
    sent = await bus.order("a1")
    assert (sent["client_order_id"], sent["origin"], sent["direction"]) == ("a1", "li", "LONG")
    assert sent["state"] in ("SENT", "ACCEPTED")
    bus.world.venue.fill(Side.SELL, 2)
    await bus.world.settle()
    assert (await bus.ask("order", client_order_id="a1"))["state"] == "FILLED"
    (trade,) = await bus.stream("trades")
    assert codec.decode(Trade, trade).client_order_id == "a1"
    assert len(await bus.stream("positions")) == 1
    assert (await bus.ask("account"))["balance"] > 0
    events = await bus.stream("events", since=0)
    states = [codec.decode(Order, each).state for each in events if b"td.order/1" in each[:14]]
    assert (states[0], states[-1]) == ("NEW", "FILLED")
    last = codec.decode(Order, next(each for each in reversed(events) if b"td.order/1" in each[:14]))
    assert not await bus.stream("events", since=last.journal_position + 10)
    assert (await bus.ask("head"))["position"] == last.journal_position
    again = await bus.order("a1")
    assert again["state"] == "FILLED"
    assert bus.world.venue.sends == ["a1"]


async def test_a_denial_is_an_answer_that_names_its_rule(bus: Bus) -> None:
    denied = await bus.order("a1", price=3000.5)
    assert (denied["state"], denied["denied_by"]) == ("DENIED", "price_tick")
    late = await bus.order("a2", valid_until=bus.world.time.ns - 1)
    assert (late["state"], late["denied_by"]) == ("DENIED", "valid_until")
    assert not bus.world.venue.sends


async def test_cancels_and_the_kill_switch(bus: Bus) -> None:
    for number in range(3):
        await bus.order(f"a{number}")
    await bus.ask("cancel_order", client_order_id="a0", valid_until=bus.world.time.ns + NS)
    await bus.world.settle()
    assert [codec.decode(Order, each).client_order_id for each in await bus.stream("orders", active=True)] == [
        "a1",
        "a2",
    ]
    assert (await bus.ask("cancel_all"))["client_order_ids"] == ["a1", "a2"]
    await bus.order("a3")
    assert (await bus.ops("kill", why="test"))["pulled"]
    assert (await bus.order("a4"))["denied_by"] == "killed"
    await bus.world.pass_(2)
    assert await bus.ops("killed") == {"pulled": True, "flat": True, "open": 0}
    assert not bus.world.venue.live
    assert not (await bus.ops("release"))["pulled"]
    assert (await bus.order("a5"))["state"] != "DENIED"


async def test_limits_are_told_with_their_use_and_tightened_by_operators(bus: Bus) -> None:
    await bus.order("a1")
    await bus.ask("cancel_order", client_order_id="a1", valid_until=bus.world.time.ns + NS)
    await bus.order("a2", price=3000.5)
    told = await bus.ask("risk")
    assert (told["gateway"], told["account"], told["tightened"], told["loss_stop"]) == ("ctp", "main", [], False)
    assert {each["key"]: each["value"] for each in told["usage"]}["orders_per_day"] == 2
    assert told["exchanges"][0] | {"orders": 1, "cancels": 1, "most_per_second": 2} == told["exchanges"][0]
    assert [(each["vt_symbol"], each["cancels"]) for each in told["cancels"]] == [("rb2701.SHFE", 1)]
    assert told["denied"] == {"price_tick": 1}
    tight = await bus.ops("tighten_risk", limits={"max_position": 5})
    assert (tight["limits"]["max_position"], tight["tightened"]) == (5, ["max_position"])
    assert tight["configured"]["max_position"] is None
    for asked, words in (({"max_position": 6}, "looser"), ({"max_positions": 6}, "max_positions"), ({}, "no limit")):
        fault = await bus.ops("tighten_risk", limits=asked)
        assert (fault["code"], words in fault["message"]) == ("bad_request", True), fault


async def test_rates_statements_and_control_are_there_for_the_asking(bus: Bus) -> None:
    (known,) = (await bus.ask("rates", vt_symbols=["rb2701.SHFE"]))["rates"]
    assert (known["vt_symbol"], known["asked"], known["margin"]) == ("rb2701.SHFE", 0, None)
    await bus.world.pass_(3)
    (known,) = (await bus.ask("rates"))["rates"]
    assert known["margin"]["long"]["by_money"] == 0.12
    assert (await bus.ask("rates", vt_symbols=["xx2701.SHFE"]))["code"] == "unknown_instrument"
    assert (await bus.ask("settlement_days"))["code"] == "not_supported", "no place to keep them here"
    assert await bus.ask("control", ttl=5) == {"armed": False}
    assert (await bus.ask("control", ttl=-1))["code"] == "bad_request"


async def test_a_kill_of_all_reaches_gateways_that_are_not_live_too(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that crashed a moment ago must find it when it starts."""
    url, state = bus.client.connected_url, tmp_path / "here"
    assert url is not None
    monkeypatch.setenv("MARKETBUS_STATE", str(state))
    asked = kill.Asked(None, url.geturl(), local=False, why="drill", timeout=5.0)
    control = asyncio.create_task(LocalControl(state, {"ctp": True, "other": True}, Logs("en", "up")).run())
    await eventually((state / "supervisor.sock").exists, "the supervisor's socket")
    await bus.order("a1")
    running = asyncio.create_task(kill.kill(asked))
    while not running.done():
        await bus.world.pass_(1)
        await asyncio.sleep(0.02)
    assert running.result() == 1, "one of them was not there"
    lines = capsys.readouterr().out.splitlines()
    assert "ctp: KILLED, flat of orders: the venue has confirmed it" in lines
    assert any(line.startswith("other: KILLED as soon as its worker starts") for line in lines)
    assert (state / "gateways" / "other" / "kill.json").exists()
    assert not (state / "gateways" / "ctp" / "kill.json").exists()
    await bus.host.stop()
    capsys.readouterr()
    assert await kill.release(msgspec.structs.replace(asked, gateway="other")) == 1
    assert "the kill holds" in capsys.readouterr().out
    control.cancel()


async def test_the_command_line_shows_and_tightens(bus: Bus, capsys: pytest.CaptureFixture[str]) -> None:
    url = bus.client.connected_url
    assert url is not None
    await risk.tighten("max_order_volume", "4", None, url.geturl(), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ctp / main, trading day 20261123")
    assert ["max_order_volume", "4", "off"] in [line.split() for line in lines]
    await bus.order("a1")
    await risk.show("ctp", url.geturl(), as_json=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["open_orders"] not in lines
    assert ["max_open_orders", "1", "off"] in lines
    assert ["SHFE", "1", "0", "1", "1", "0"] in lines
    await risk.show(None, url.geturl(), as_json=True)
    assert json.loads(capsys.readouterr().out)["limits"]["max_order_volume"] == 4
    with pytest.raises(BadRequest, match="looser"):
        await risk.tighten("max_order_volume", "5", "ctp", url.geturl(), as_json=False)
    with pytest.raises(ConfigError, match="is no limit"):
        await risk.tighten("max_lots", "5", "ctp", url.geturl(), as_json=False)
    with pytest.raises(ConfigError, match="many"):
        await risk.tighten("max_position", "many", "ctp", url.geturl(), as_json=False)
    with pytest.raises(UnknownGateway):
        await risk.show("other", url.geturl(), as_json=False)


async def test_an_order_whose_sdk_call_hangs_holds_up_nobody(bus: Bus) -> None:
    bus.world.venue.deaf_calls.add("send")
    hanging = asyncio.create_task(bus.order("a1"))
    await bus.world.settle()
    bus.world.venue.deaf_calls.clear()
    assert (await bus.order("a2"))["state"] in ("SENT", "ACCEPTED")
    assert (await hanging)["state"] in ("UNKNOWN", "ACCEPTED")


@pytest.mark.parametrize(
    ("verb", "body", "code", "words"),
    [
        ("send_order", {"client_order_id": "x"}, "bad_request", "SendOrder"),
        ("send_order", {"origin": "boss"}, "bad_request", "SendOrder"),
        ("cancel_order", {"client_order_id": "nobody", "valid_until": 2**62}, "unknown_order", "no order"),
        ("order", {"client_order_id": "nobody"}, "unknown_order", "no order"),
        ("events", {"since": -1}, "bad_request", "Events"),
    ],
)
async def test_a_bad_request_is_told_what_is_wrong(
    bus: Bus, verb: str, body: dict[str, Any], code: str, words: str
) -> None:
    fault = await bus.ask(verb, **body)
    assert fault["code"] == code
    assert words in fault["message"]


async def test_whatever_the_bytes_every_verb_answers_and_nothing_is_sent(bus: Bus) -> None:
    random = Random(4)
    for verb in TD_VERBS:
        subject = subjects.td_rpc("ctp", "main", verb.name, "li")
        if verb.group is Group.OPS:
            subject = subjects.rpc("ctp", "ops", verb.name, "li")
        for _ in range(5):
            answer = await bus.raw(subject, b"\xff" + random.randbytes(random.randrange(40)))
            assert json.loads(answer.data)["code"] == "bad_request"
    assert not bus.errors
    assert not bus.world.venue.sends
