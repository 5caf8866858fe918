"""Anybody may publish anything: rubbish on every subject, rubbish in every request, handlers that raise."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats.aio.client import Client

import marketbus
from marketbus import Tick, TickFlag
from marketbus.domain.contract import Contract, Product
from marketbus.domain.instrument import Exchange
from marketbus.wire import codec, rpc
from tests.system import Recorder, System, eventually


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("hostile")) as system:
        system.worker("rb2701.SHFE")
        yield system


@pytest.fixture
async def raw(line: System) -> AsyncIterator[Client]:
    """Somebody else's connection to the same bus."""
    async with line.connect() as bus:
        await line.ready(bus)
    client = Client()
    await client.connect(line.nats.url)
    yield client
    await client.close()


def rubbish() -> list[bytes]:
    """Bytes that are no payload of ours, or nearly one."""
    good = Tick("ctp", "rb2701", Exchange.SHFE, 1, 1, epoch=2**62, seq=1)
    encoded = codec.encode(good)
    fields: list[Any] = msgspec.msgpack.decode(encoded)
    twisted = [
        fields[:3],
        [*fields[:3], None, *fields[4:]],
        ["tick/2", *fields[1:]],
        [fields[0], *["x"] * 40],
        {str(at): each for at, each in enumerate(fields)},
        [*fields[:7], 2**64 - 1, *fields[8:]],
        [*fields[:6], -(2**63), *fields[7:]],
    ]
    nested = b"\x91" * 5000 + b"\xc0"
    cut = [encoded[:at] for at in range(0, len(encoded), 7)]
    return [b"", b"\xc1", b"{}", b"\xff" * 100, nested, b"x" * 100_000, *cut, *map(msgspec.msgpack.encode, twisted)]


@pytest.mark.row(16, "typed error, no crash, no hang")
async def test_rubbish_on_every_subject_is_counted_and_the_feed_goes_on(line: System, raw: Client) -> None:
    async with line.connect() as bus:
        seen = Recorder()
        async with await seen.follow(bus, "rb*.SHFE"):
            await eventually(lambda: len(seen.live) > 20, "ticks")
            subjects = (
                "md.tick.ctp.SHFE.rb2701",
                "md.tick.ctp.SHFE.rb2702",
                "ref.contract.ctp.SHFE.rb2701",
                "ref.contract.ctp.SHFE.%zz",
                "ref.contract.ctp.MARS.x.y.z",
                "sys.gateway.ctp",
                "sys.gateway.nobody",
                "sys.log.ctp.error",
            )
            sent = 0
            for subject in subjects:
                for payload in rubbish():
                    await raw.publish(subject, payload)
                    sent += subject.startswith("md.tick")
            await raw.flush()
            await eventually(lambda: bus.stats.bad_payloads >= sent - 2, "the count")
            before, gaps = len(seen.live), len(seen.gaps)
            await eventually(lambda: len(seen.live) > before + 50, "further ticks")
            assert gaps == len(seen.gaps) == 0
            ours = (await line.ready(bus)).epoch
            assert {tick.epoch for tick in seen.ticks} == {ours}
            for symbol in {tick.symbol for tick in seen.ticks}:
                seqs = [tick.seq for tick in seen.ticks if tick.symbol == symbol]
                assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        assert [status.gateway for status in await bus.gateways()] == ["ctp"]


@pytest.mark.row(16, "typed error, no crash, no hang")
async def test_a_well_formed_lie_does_not_silence_a_feed(line: System, raw: Client) -> None:
    """A tick of a later epoch, a status of a gateway that is not, a contract that nobody lists."""
    async with line.connect() as bus:
        seen = Recorder()
        async with await seen.follow(bus, "rb*.SHFE"):
            await eventually(lambda: len(seen.live) > 20, "ticks")
            status = await line.ready(bus)
            lie = Tick("ctp", "rb2701", Exchange.SHFE, 1, 1, epoch=status.epoch + 10**18, seq=1)
            contract = Contract("ctp", "rb9999", Exchange.SHFE, "谎", Product.FUTURES, 10, 1)
            await raw.publish("md.tick.ctp.SHFE.rb2701", codec.encode(lie))
            await raw.publish("ref.contract.ctp.SHFE.rb9999", codec.encode(contract))
            await raw.publish("ref.contract.ghost.SHFE.rb2701", codec.encode(contract))
            ghost = msgspec.structs.replace(status, gateway="ghost", epoch=status.epoch + 10**18)
            await raw.publish("sys.gateway.ghost", codec.encode(ghost))
            await raw.publish("sys.gateway.ctp", codec.encode(msgspec.structs.replace(ghost, gateway="ctp")))
            await raw.flush()
            before = len(seen.live)
            await eventually(lambda: len(seen.live) > before + 100, "further ticks")
            await eventually(lambda: bus.stats.bad_payloads >= 1, "the count")
        assert not [tick for tick in seen.ticks if tick.epoch != status.epoch]


# The worker is asked the same over the wire as by its own client, only worse.

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
BODY = (
    st.binary(max_size=200)
    | ANYTHING.map(msgspec.json.encode)
    | st.fixed_dictionaries(
        {},
        optional={"patterns": ANYTHING, "owner": ANYTHING, "ttl": ANYTHING, "extra": ANYTHING},
    ).map(msgspec.json.encode)
    | st.lists(st.text(max_size=120), max_size=5).map(lambda patterns: msgspec.json.encode({"patterns": patterns}))
)
VERBS = [verb for verb in rpc.VERBS if verb.name != "reconnect"]


@pytest.mark.row(16, "typed error, no crash, no hang")
async def test_rubbish_in_requests_is_answered_with_a_typed_fault(line: System, raw: Client) -> None:
    worker = (line.folder / "worker-ctp.log").read_text()
    faults: set[str] = set()
    cases: list[tuple[rpc.Verb, bytes]] = []

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(st.sampled_from(VERBS), BODY)
    def collect(verb: rpc.Verb, body: bytes) -> None:
        cases.append((verb, body))

    collect()
    cases += [(verb, b"[" * 100_000) for verb in VERBS]
    cases += [(verb, b'{"patterns": ["' + b"x" * 300_000 + b'"]}') for verb in VERBS]
    for verb, body in cases:
        subject = f"rpc.ctp.{verb.group}.{verb.name}" + (".%zz" if verb.group == "ops" and len(body) % 2 else "")
        subject += ".mallory" if verb.group == "ops" and subject.endswith(verb.name) else ""
        reply = await raw.request(subject, body, timeout=5)
        if reply.headers and rpc.ERROR_HEADER in reply.headers:
            fault = msgspec.json.decode(reply.data, type=rpc.Fault)
            assert fault.code in {"bad_request", "bad_symbol"}, (verb.name, body, fault)
            assert fault.message
            faults.add(fault.code)
    assert faults == {"bad_request", "bad_symbol"}
    async with line.connect() as bus:
        status = await line.ready(bus)
        pins = [pin for pin in status.pins if pin != "rb2701.SHFE"]
        if pins:
            await bus.unpin(*pins)
    said = (line.folder / "worker-ctp.log").read_text()[len(worker) :]
    assert "answering" not in said  # nothing was unforeseen


@pytest.mark.row(16, "typed error, no crash, no hang")
async def test_a_request_without_a_reply_subject_harms_nobody(line: System, raw: Client) -> None:
    for verb in VERBS:
        await raw.publish(f"rpc.ctp.{verb.group}.{verb.name}" + (".x" if verb.group == "ops" else ""), b"\x00")
    await raw.flush()
    async with line.connect() as bus:
        assert await bus.snapshot("rb2701.SHFE")


# Row 4: the user's own code.


@pytest.mark.row(4, "the feed goes on; 1,000 counted")
async def test_a_handler_that_always_raises_is_counted_and_the_feed_goes_on(line: System) -> None:
    line.lab.control.rate(2000)
    calls, good = 0, Recorder()

    def bad(tick: Tick) -> None:
        nonlocal calls
        calls += 1
        if calls <= 1000:
            raise RuntimeError(f"no {calls}")

    async with line.connect() as bus:
        async with await bus.on_ticks("rb2701.SHFE", bad), await good.follow(bus, "rb2701.SHFE"):
            await eventually(lambda: calls > 1200 and len(good.live) > 1000, "calls, and ticks for the other")
            assert bus.stats.handler_errors == 1000
        assert not good.gaps
    line.lab.control.rate(200)


@pytest.mark.row(4, "the feed goes on; each counted")
async def test_coroutine_and_batch_handlers_that_raise_are_counted_too(line: System) -> None:
    calls = {"coroutine": 0, "batch": 0}

    async def one(tick: Tick) -> None:
        calls["coroutine"] += 1
        await asyncio.sleep(0)
        raise ValueError(tick.symbol)

    def many(ticks: list[Tick]) -> None:
        calls["batch"] += 1
        raise ValueError(len(ticks))

    async with (
        line.connect() as bus,
        await bus.on_ticks("rb2701.SHFE", one),
        await bus.on_ticks("rb2701.SHFE", many, batch=True),
    ):
        await eventually(lambda: min(calls.values()) > 30, "calls")
        assert bus.stats.handler_errors >= sum(calls.values()) - 2


@pytest.mark.row(3, "others unaffected; the victim gets its gaps")
async def test_a_slow_consumer_loses_its_oldest_ticks_knows_it_and_harms_nobody(line: System) -> None:
    line.lab.control.rate(1000)
    healthy = Recorder()
    try:
        async with line.connect() as bus, line.connect() as other, await healthy.follow(other, "rb2701.SHFE"):
            gaps: list[marketbus.Gap] = []
            async with bus.ticks("rb2701.SHFE", limit=100, on_gap=gaps.append) as ticks:
                count = len(healthy.ticks)
                await eventually(lambda: len(healthy.ticks) > count + 1000, "what the stalled one misses")
                got = [await anext(ticks) for _ in range(100)]
            assert gaps
            assert {gap.cause for gap in gaps} == {marketbus.GapCause.SLOW_CONSUMER}
            assert sum(gap.missed or 0 for gap in gaps) > 800
            live = [tick.seq for tick in got if not tick.flags & TickFlag.SNAPSHOT]
            assert live == sorted(set(live))
            assert not healthy.gaps
            assert (await line.ready(bus)).drops == {}
    finally:
        line.lab.control.rate(200)
