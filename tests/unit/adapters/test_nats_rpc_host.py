import asyncio
import json
from collections.abc import AsyncIterator

import msgspec
import pytest
from fake_service import FakeService
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats_process import NatsProcess, connect, subscribe, until

from marketbus.adapters.nats.rpc_host import RpcHost
from marketbus.domain.bar import Bar, Interval
from marketbus.domain.calendar_table import CalendarTable
from marketbus.domain.contract import Contract
from marketbus.domain.history import Progress
from marketbus.domain.status import GatewayStatus
from marketbus.domain.subscription import Coverage, Interest
from marketbus.domain.tick import Tick
from marketbus.domain.times import NS
from marketbus.wire import codec, rpc, subjects


class Bus:
    """A host under test and a client that asks it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.service = FakeService()
        self.errors: list[tuple[str, Exception]] = []
        self.host = RpcHost(
            client, self.service, lambda verb, error: self.errors.append((verb, error)),
            gateway="ctp-main", kind="ctp", simulated=True, version="0.1.0",
        )  # fmt: skip

    async def ask(self, group: str, verb: str, body: bytes = b"", token: str | None = None) -> Msg:
        subject = subjects.rpc("ctp-main", group, verb)
        return await self.client.request(subject if token is None else f"{subject}.{token}", body, timeout=5)

    async def stream(self, group: str, verb: str, body: bytes = b"") -> list[Msg]:
        inbox = self.client.new_inbox()
        subscription = await subscribe(self.client, inbox)
        await self.client.publish(subjects.rpc("ctp-main", group, verb), body, reply=inbox)
        messages: list[Msg] = []
        while True:
            message = await subscription.next_msg(5)
            messages.append(message)
            if not message.data or message.headers:
                await subscription.unsubscribe()
                return messages


@pytest.fixture
async def bus(server: NatsProcess) -> AsyncIterator[Bus]:
    client = await connect(server.url)
    one = Bus(client)
    await one.host.start()
    yield one
    await one.host.stop()
    await client.close()


def fault_of(message: Msg) -> rpc.Fault:
    assert message.headers is not None
    assert message.headers[rpc.ERROR_HEADER].isascii()
    assert 400 <= int(message.headers[rpc.ERROR_CODE_HEADER]) < 600
    return msgspec.json.decode(message.data, type=rpc.Fault)


async def test_each_verb_answers_what_its_contract_says(bus: Bus) -> None:
    assert codec.from_object(GatewayStatus, json.loads((await bus.ask("md", "status")).data)).epoch == 7
    lease = b'{"owner": "me", "patterns": ["rb*.SHFE"], "ttl": 5}'
    assert rpc.decode_reply(Coverage, (await bus.ask("md", "subscribe", lease)).data).matched == 1
    assert rpc.decode_reply(rpc.Renewed, (await bus.ask("md", "renew", b'{"owner": "known"}')).data).known
    assert (await bus.ask("md", "unsubscribe", b'{"owner": "me"}')).data == b"{}"
    assert bus.service.calls == [("subscribe", "me", ("rb*.SHFE",), 5.0), ("unsubscribe", "me")]
    wanted = await bus.stream("md", "subscriptions")
    assert [rpc.decode_reply(Interest, one.data).vt_symbol for one in wanted[:-1]] == ["rb2701.SHFE"]
    ticks = await bus.stream("md", "snapshot", b'{"patterns": ["*"]}')
    assert [codec.decode(Tick, one.data).seq for one in ticks[:-1]] == [1, 2, 3]
    assert ticks[-1].data == b""
    table = rpc.decode_reply(CalendarTable, (await bus.ask("md", "calendar")).data)
    assert table == bus.service.calendar()


async def test_history_streams_bars_and_says_how_far_it_came(bus: Bus) -> None:
    body = b'{"symbol": "rb2701.SHFE", "interval": "1m", "start": 60000000000, "end": 600000000000}'
    *messages, end = [message.data for message in await bus.stream("md", "query_history", body)]
    assert [codec.tag_of(each) for each in messages] == ["progress/1", "bar/1", "bar/1", "bar/1", "progress/1"]
    first, last = codec.decode(Bar, messages[1]), codec.decode(Progress, messages[-1])
    assert (first.vt_symbol, first.datetime, first.interval) == ("rb2701.SHFE", 60 * NS, Interval.MINUTE)
    assert (last.until, last.wait, last.complete) == (600 * NS, 2.5, False)
    assert end == b""
    (fault,) = await bus.stream("md", "query_history", body.replace(b'"end"', b'"ticks": "quotes", "end"'))
    assert fault_of(fault).code == "not_supported"
    for wrong in (body.replace(b"60000000000,", b"-1,"), body.replace(b"1m", b"rb").replace(b".SHFE", b""), b"{}"):
        (fault,) = await bus.stream("md", "query_history", wrong)
        assert fault_of(fault).code in ("bad_request", "bad_symbol")


async def test_ops_verbs_know_who_asked_from_the_subject(bus: Bus) -> None:
    body = b'{"patterns": ["rb2701.SHFE"]}'
    assert rpc.decode_reply(rpc.Pinned, (await bus.ask("ops", "pin", body, "%E5%BC%A0")).data).pins == ["rb2701.SHFE"]
    assert (await bus.ask("ops", "unpin", body, "li")).data == b'{"pins":[]}'
    assert (await bus.ask("ops", "reconnect", b"", "li")).data == b"{}"
    assert bus.service.calls == [("pin", ("rb2701.SHFE",), "张"), ("reconnect", "li")]
    assert fault_of(await bus.ask("ops", "reconnect", b"", "%zz")).code == "bad_request"


async def test_a_long_answer_streams_whole_and_in_order(bus: Bus) -> None:
    bus.service.listed = 25_000
    answers = await bus.stream("md", "contracts", b'{"patterns": ["*"]}')
    assert len(answers) == 25_001
    assert codec.decode(Contract, answers[24_999].data).symbol == "rb24999"


async def test_other_verbs_are_answered_while_a_long_stream_runs(bus: Bus) -> None:
    bus.service.listed = 50_000
    streaming = asyncio.create_task(bus.stream("md", "contracts", b'{"patterns": ["*"]}'))
    await asyncio.sleep(0.05)
    await bus.ask("md", "status")
    assert not streaming.done()
    assert len(await streaming) == 50_001


async def test_errors_are_typed(bus: Bus) -> None:
    fault = fault_of(await bus.ask("md", "snapshot", b'{"patterns": ["missing.SHFE"]}'))
    assert (fault.code, fault.hint) == ("unknown_instrument", "did you mean rb2701.SHFE?")
    assert fault_of(await bus.ask("md", "subscribe", b'{"owner": "me", "patterns": ["?"]}')).code == "bad_symbol"
    assert fault_of(await bus.ask("md", "subscribe", b"[]")).code == "bad_request"
    assert fault_of(await bus.ask("md", "status", b'{"typo": 1}')).code == "bad_request"
    assert fault_of(await bus.ask("md", "status", b" " * 300_000)).code == "bad_request"


async def test_a_bug_in_the_service_is_reported_and_the_next_request_answered(bus: Bus) -> None:
    bus.service.broken = True
    assert fault_of(await bus.ask("md", "status")).code == "error"
    assert [(verb, type(error)) for verb, error in bus.errors] == [("status", ZeroDivisionError)]
    bus.service.broken = False
    assert not (await bus.ask("md", "status")).headers


async def test_an_answer_larger_than_nats_carries_is_a_fault(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("nats")
    (folder / "nats.conf").write_text("max_payload: 512\n")
    server = NatsProcess(folder, "-c", str(folder / "nats.conf"))
    server.start()
    client = await connect(server.url)
    bus = Bus(client)
    await bus.host.start()
    fault = fault_of(await bus.ask("md", "status"))
    assert fault.code == "bad_request"
    assert "512" in fault.message
    await client.close()
    server.kill()


async def test_a_request_without_reply_subject_harms_nobody(bus: Bus) -> None:
    await bus.client.publish(subjects.rpc("ctp-main", "md", "status"))
    await bus.client.publish(subjects.rpc("ctp-main", "md", "snapshot"), b"junk")
    assert not (await bus.ask("md", "status")).headers
    assert bus.errors == []


async def test_it_is_a_nats_micro_service(bus: Bus) -> None:
    info = json.loads((await bus.client.request("$SRV.INFO.marketbus", timeout=5)).data)
    assert info["metadata"] == {"gateway": "ctp-main", "kind": "ctp", "simulated": "true", "epoch": "7"}
    assert {one["subject"] for one in info["endpoints"]} >= {"rpc.ctp-main.md.status", "rpc.ctp-main.ops.pin.*"}
    assert len(info["endpoints"]) == len(rpc.VERBS)
    await bus.ask("md", "status")
    stats = json.loads((await bus.client.request("$SRV.STATS.marketbus", timeout=5)).data)
    assert {one["name"]: one["num_requests"] for one in stats["endpoints"]}["md-status"] == 1


async def test_after_stop_nobody_answers(bus: Bus) -> None:
    await bus.host.stop()
    with pytest.raises(NoRespondersError):
        await bus.ask("md", "status")


bodies = st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["owner", "patterns", "ttl"]) | st.text(max_size=5), inner, max_size=4
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())  # fmt: skip
tokens = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=".*>"), min_size=1, max_size=12)


async def test_random_bytes_into_every_verb_get_a_typed_fault_or_an_answer(server: NatsProcess) -> None:
    client = await connect(server.url)
    bus = Bus(client)
    bus.service.listed = 5
    await bus.host.start()
    loop = asyncio.get_running_loop()

    async def fuzz(verb: rpc.Verb, body: bytes, token: str) -> None:
        if verb.stream:
            message = (await bus.stream(verb.group, verb.name, body))[-1]
        else:
            message = await bus.ask(verb.group, verb.name, body, token if verb.group is rpc.Group.OPS else None)
        if message.headers:
            assert fault_of(message).code in {"bad_request", "bad_symbol", "unknown_instrument"}
        elif not verb.stream:
            json.loads(message.data)

    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(rpc.VERBS), bodies, tokens)
    def run(verb: rpc.Verb, body: bytes, token: str) -> None:
        asyncio.run_coroutine_threadsafe(fuzz(verb, body, token), loop).result(10)

    await asyncio.to_thread(run)
    assert bus.errors == []
    assert not (await bus.ask("md", "status")).headers
    await bus.host.stop()
    await client.close()


async def test_it_goes_on_after_nats_was_away(server: NatsProcess) -> None:
    client = await connect(server.url, max_reconnect_attempts=-1, reconnect_time_wait=0)
    bus = Bus(client)
    await bus.host.start()
    server.kill()
    await until(lambda: not client.is_connected)
    server.start()
    await until(lambda: client.is_connected)
    assert not (await bus.ask("md", "status")).headers
    await client.close()
