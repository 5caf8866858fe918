"""With the accelerator a feed hears what it hears without it, whatever comes, in whatever pieces."""

import asyncio
import gc
import os
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketbus.client.batch_parser import BatchParser, Direct
from marketbus.client.hub import Hub
from marketbus.client.join import Track
from marketbus.client.line import Line, Outlet
from marketbus.client.options import Options
from marketbus.client.plan import Share
from marketbus.client.stats import Stats
from marketbus.domain.errors import BadPayload
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.tick import Tick, TickFlag
from marketbus.wire import codec, native, subjects
from tests.unit.any_tick import ticks
from tests.unit.client.test_batch_parser import Sub, Told, message, pieces

installed = native.native()
pytestmark = pytest.mark.skipif(installed.module is None, reason=installed.words)

WANTED = [Instrument(f"rb260{month}", Exchange.SHFE) for month in (1, 5)]
UNWANTED = Instrument("cu2601", Exchange.SHFE)
EPOCH = 7


def plain(instrument: Instrument, seq: int, **fields: Any) -> Tick:
    given: dict[str, Any] = {
        "epoch": EPOCH,
        "trading_day": 20260105,
        "name": "螺纹钢",
        "limit_up": 3600.0,
        "last_price": 3500.0 + seq,
    }
    return Tick("gw", instrument.symbol, instrument.exchange, 10**18 + seq, 10**18, seq=seq, **(given | fields))


def wire(tick: Tick) -> bytes:
    return message(1, subjects.tick("gw", tick.instrument).encode(), codec.encode(tick))


class Feed:
    """A line under a parser, and all that can be known of both."""

    def __init__(self, *, natively: bool, emit: Callable[[Tick], object] | None = None) -> None:
        self.heard: list[str] = []
        self.emit = emit
        self.hub = Hub.of(Options(urls=("nats://127.0.0.1:1",), name="t", principal="t"))
        share = Share("gw")
        share.instruments.update(dict.fromkeys(WANTED))
        outlet = Outlet(self._tick, lambda gap: self.heard.append(repr(gap)))
        before = os.environ.get(native.SWITCH)
        os.environ[native.SWITCH] = "1" if natively else "0"
        try:
            self.line: Any = Line(self.hub, share, "me", outlet, ttl=9.0, snapshot=False, in_session=True)
            self.client: Any = Told(self.heard, direct=True)
            self.client._subs[1] = Sub(self.line._receive)
            self.client._error_cb = self._error
            self.parser = BatchParser(self.client)
        finally:
            os.environ.pop(native.SWITCH)
            if before is not None:
                os.environ[native.SWITCH] = before
        self.line._confirm(EPOCH)

    async def read(self, stream: bytes, cuts: Sequence[int] = ()) -> "Feed":
        for piece in pieces(stream, cuts):
            await self.parser.parse(piece)
        return self

    def known(self) -> list[object]:
        tracks = {
            subject: track and (track.seq, track.next, track.epoch) for subject, track in self.line._tracks.items()
        }
        delays = self.hub.arrivals["gw"].delay.now().count
        return [self.heard, tracks, self.hub.stats.as_dict(), self.client.stats, delays]

    def _tick(self, tick: Tick) -> None:
        self.heard.append(repr(tick))
        if self.emit is not None:
            self.emit(tick)

    async def _error(self, error: Exception) -> None:
        self.heard.append(repr(error))


async def both(stream: bytes, cuts: Sequence[int] = (), emit: Callable[[Tick], object] | None = None) -> Feed:
    """What Python alone hears, which is what the accelerator hears."""
    python, natively = [await Feed(natively=one, emit=emit).read(stream, cuts) for one in (False, True)]
    assert natively.known() == python.known()
    return natively


class Reading:
    """One payload through a reader of its own that expects it."""

    def __init__(self, payload: bytes, tick: Tick) -> None:
        assert installed.module is not None
        self.emitted: list[Tick] = []
        self.left: list[tuple[str, bytes]] = []
        track = Track("g", tick.instrument)
        track.epoch, track.next = tick.epoch, tick.seq
        reader = native.tick_reader(
            installed.module, track=Track, tracks={"a.b": track}, emit=self.emitted.append, stats=Stats(),
            receive=self._receive, arrived=lambda _: None, refuse=0, every=7,
        )  # fmt: skip
        data = message(1, b"a.b", payload)
        assert installed.module.read({1: Sub(Direct(reader))}, data, 0, Direct) == (len(data), 1, None)
        assert len(self.emitted) + len(self.left) == 1

    def _receive(self, subject: str, payload: bytes) -> None:
        self.left.append((subject, payload))


KINDS: dict[str, tuple[type, ...]] = {
    field.name: {int: (int, TickFlag), float | None: (float, type(None))}.get(field.type, (field.type,))
    for field in msgspec.structs.fields(Tick)
} | {"extra": (type(None),)}


def declared(tick: Tick) -> bool:
    """Whether a publisher of ours may have made it: the declared types, 63 bits, no `extra`."""
    for name, kinds in KINDS.items():
        value = getattr(tick, name)
        if type(value) not in kinds or (isinstance(value, int) and not -(2**63) <= value < 2**63):
            return False
    return tick.seq < 2**63 - 1


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(ticks())
def test_any_tick_is_decoded_as_msgspec_decodes_it_or_left_to_it(tick: Tick) -> None:
    try:
        payload = codec.encode(tick)
    except (ValueError, TypeError, OverflowError):
        return
    got = Reading(payload, tick)
    if got.emitted:
        assert repr(got.emitted[0]) == repr(codec.decode(Tick, payload))
    else:
        assert got.left == [("a.b", payload)]
    assert bool(got.emitted) == (declared(tick) and len(payload) <= codec.MAX_BYTES)


mutations = st.lists(
    st.tuples(st.integers(0, 500), st.sampled_from(["cut", "set", "insert", "drop"]), st.integers(0, 255)), max_size=3
)


def mutated(payload: bytes, changes: Sequence[tuple[int, str, int]]) -> bytes:
    for where, how, byte in changes:
        at = where % (len(payload) + 1)
        match how:
            case "cut":
                payload = payload[:at]
            case "insert":
                payload = payload[:at] + bytes([byte]) + payload[at:]
            case "drop":
                payload = payload[:at] + payload[at + 1 :]
            case _:
                payload = payload[:at] + bytes([byte]) + payload[at + 1 :]
    return payload


@settings(max_examples=500)
@given(mutations)
def test_a_spoilt_payload_is_what_msgspec_makes_of_it_or_left_to_it(changes: list[tuple[int, str, int]]) -> None:
    tick = plain(WANTED[0], 3, pre_settlement=1.5, volume=70_000.0)
    payload = mutated(codec.encode(tick), changes)
    got = Reading(payload, tick)
    if got.emitted:
        assert repr(got.emitted[0]) == repr(codec.decode(Tick, payload))


@pytest.mark.parametrize(
    "fields",
    [{"volume": 5}, {"limit_up": 7}, {"extra": {}}, {"extra": {"a": 1}}, {"name": "涨" * 22_000}],
)
def test_what_no_publisher_of_ours_writes_is_left_to_msgspec(fields: dict[str, Any]) -> None:
    tick = plain(WANTED[0], 3, **fields)
    assert not Reading(codec.encode(tick), tick).emitted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"tick/1", b"tick/2"), (b"\xdc\x00\x2f", b"\xdc\x00\x30"), (b"SHFE", b"XXXX"), (b"rb2601", b"rb26\xff1"),
        (b"\xc0", b"\xc2"), ("螺纹钢".encode(), "螺纹".encode() + b"\xed\xa0\x80"),
    ],
)  # fmt: skip
def test_texts_and_shapes_that_are_not_ours_are_left_to_msgspec(old: bytes, new: bytes) -> None:
    tick = plain(WANTED[0], 3)
    payload = codec.encode(tick)
    assert old in payload
    assert not Reading(payload.replace(old, new, 1), tick).emitted


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Mostly the next tick of some instrument; else what goes wrong on a bus."""
    seqs = dict.fromkeys([*WANTED, UNWANTED], 0)
    out: list[bytes] = []
    for _ in range(draw(st.integers(0, 25))):
        instrument = draw(st.sampled_from(list(seqs)))
        kind = draw(st.sampled_from(["next"] * 8 + ["gap", "again", "old", "new", "other", "hostile", "nats"]))
        fields = draw(
            st.fixed_dictionaries({}, optional={
                "flags": st.sampled_from([0, 1, 2, 3, 300]), "limit_up": st.sampled_from([None, 1.0, -0.0, 0.0, 7]),
                "bid_volume_1": st.sampled_from([0.0, 1.0, float("nan")]), "name": st.sampled_from(["", "a", "螺纹"]),
                "extra": st.sampled_from([None, {"oi": 1}]), "exchange": st.sampled_from([Exchange.UNKNOWN]),
            })
        )  # fmt: skip
        seq = seqs[instrument] + {"gap": draw(st.integers(2, 4)), "again": 0}.get(kind, 1)
        epoch = EPOCH + {"old": -1, "new": 1}.get(kind, 0)
        if kind not in ("old", "new", "other", "hostile", "nats"):
            seqs[instrument] = seq
        tick = plain(instrument, seq, epoch=epoch)
        subject, payload = subjects.tick("gw", instrument).encode(), codec.encode(tick)
        exchange = fields.pop("exchange", instrument.exchange)
        payload = codec.encode(msgspec.structs.replace(tick, exchange=exchange, **fields))
        if kind == "other":
            subject = draw(st.sampled_from([subjects.tick("gw", UNWANTED).encode(), b"a", b"md.tick.gw.SHFE.%zz"]))
        elif kind == "hostile":
            payload = mutated(payload, draw(mutations))
        out.append(b"PING\r\n" if kind == "nats" else message(draw(st.sampled_from([1, 1, 1, 1, 2])), subject, payload))
    return b"".join(out)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(streams(), st.lists(st.integers(0, 20_000), max_size=6))
def test_a_feed_hears_the_same_with_and_without_it(stream: bytes, cuts: list[int]) -> None:
    asyncio.run(both(stream, cuts))


async def test_it_makes_no_difference_where_a_read_ends() -> None:
    stream = b"".join(wire(plain(one, seq)) for seq in (1, 2, 4) for one in WANTED)
    whole = await both(stream)
    for cut in range(0, len(stream), 7):
        assert (await Feed(natively=True).read(stream, [cut])).known()[:3] == whole.known()[:3]


async def test_a_consumer_that_raises_is_told_and_the_next_tick_comes() -> None:
    def emit(tick: Tick) -> None:
        if tick.seq % 2:
            raise ZeroDivisionError(tick.seq)

    feed = await both(b"".join(wire(plain(WANTED[0], seq)) for seq in range(1, 7)), emit=emit)
    assert [word for word in feed.heard if "Error" in word] == [f"ZeroDivisionError({seq})" for seq in (1, 3, 5)]
    assert feed.hub.stats.ticks == 6


async def test_what_is_no_error_ends_the_reading() -> None:
    def emit(tick: Tick) -> None:
        if tick.seq == 3:
            raise KeyboardInterrupt

    for natively in (False, True):
        feed = Feed(natively=natively, emit=emit)
        with pytest.raises(KeyboardInterrupt):
            await feed.read(b"".join(wire(plain(WANTED[0], seq)) for seq in range(1, 7)))
        assert len(feed.heard) == 3


@pytest.mark.parametrize("what", ["ended", "replaced", "held", "forgotten"])
async def test_a_consumer_may_change_what_is_read(what: str) -> None:
    stream = b"".join(wire(plain(one, seq)) for seq in range(1, 7) for one in WANTED)
    feeds: list[Feed] = []
    for natively in (False, True):

        def emit(tick: Tick) -> None:
            if tick.seq != 3 or tick.symbol != WANTED[0].symbol:
                return
            feed = feeds[-1]
            match what:
                case "ended":
                    feed.client._subs.clear()
                case "replaced":
                    feed.client._subs[1] = Sub(Direct(lambda subject, _: feed.heard.append(subject)))
                case "held":
                    feed.line.on_disconnect()
                case _:
                    feed.client._subs[1] = Sub(None)
                    feed.line = None
                    gc.collect()

        feeds.append(Feed(natively=natively, emit=emit))
        await feeds[-1].read(stream)
    assert feeds[1].heard == feeds[0].heard
    assert len(feeds[0].heard) >= 5


async def test_what_repeats_is_shared_and_nothing_is_kept() -> None:
    kept: list[Tick] = []
    feed = Feed(natively=True, emit=lambda tick: kept.append(tick))
    await feed.read(wire(plain(WANTED[0], 1)))
    feed.heard.clear()

    async def run(first: int, last: int) -> int:
        await feed.read(b"".join(wire(plain(WANTED[0], seq)) for seq in range(first, last)))
        a, b = kept[-2:]
        assert (a.limit_up is b.limit_up, a.symbol is b.symbol, a.epoch is b.epoch) == (True, True, True)
        kept.clear()
        feed.heard.clear()
        gc.collect()
        return sys.getallocatedblocks()

    await run(2, 500)
    before = await run(500, 1000)
    assert await run(1000, 3000) - before < 200


@pytest.mark.parametrize("every", [1, 2, 3])
async def test_what_a_consumer_keeps_never_changes(every: int) -> None:
    kept: list[tuple[object, str]] = []

    def emit(tick: Tick) -> None:
        if tick.seq % every == 0:
            kept.extend((one, repr(one)) for one in (tick.last_price, tick.limit_up, tick.seq, tick.name))
        if tick.seq % 5 == 0:
            kept.append((tick, repr(tick)))

    prices = [3600.0, 3600.0, None, 3599.0, 3600.0]
    feed = Feed(natively=True, emit=emit)
    for seq in range(1, 60):
        await feed.read(wire(plain(WANTED[0], seq, limit_up=prices[seq % 5], last_price=float(seq // 4))))
    assert [repr(one) for one, _ in kept] == [before for _, before in kept]
    assert len(kept) >= 11 + 4 * (59 // every)


async def test_a_line_that_is_dropped_is_collected() -> None:
    feed = await Feed(natively=True).read(wire(plain(WANTED[0], 1)))
    gone = weakref.ref(feed.line)
    del feed
    gc.collect()
    assert gone() is None


async def test_a_bad_payload_is_counted_once() -> None:
    tick = plain(WANTED[0], 2)
    with pytest.raises(BadPayload):
        codec.decode(Tick, codec.encode(tick)[:-1])
    stream = wire(plain(WANTED[0], 1)) + message(1, b"md.tick.gw.SHFE.rb2601", codec.encode(tick)[:-1]) + wire(tick)
    feed = await both(stream)
    assert (feed.hub.stats.bad_payloads, feed.hub.stats.ticks) == (1, 2)
