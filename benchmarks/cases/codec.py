"""What a tick costs to become bytes and to be read again, apart from any transport."""

import pickle
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from vnpy.event import Event
from vnpy.trader.event import EVENT_TICK
from vnpy.trader.object import TickData

from benchmarks import quote
from benchmarks.cases.case import Case, Length, note
from benchmarks.cases.entrants import RPC
from benchmarks.lanes.native import NATIVE, PYTHON
from benchmarks.result import Result
from benchmarks.sources.counter import INSTRUMENTS
from benchmarks.sources.mint import Mint
from marketbus.adapters.nats.frames import TickFrames
from marketbus.domain.tick import Tick, numbered
from marketbus.lab.instruments import listings
from marketbus.vnpy_types.market import tick_from_vnpy
from marketbus.wire import codec
from marketbus.wire.native import native as installed
from marketbus.wire.native import tick_queue

NAME = "codec"
ROUNDS = 5
TICKS = 20_000
MSGSPEC = "msgspec array"


class Way(NamedTuple):
    """`encode` to what goes into a message, subject and framing included; `decode`: that message's payload."""

    name: str
    encode: Callable[[TickData], bytes]
    decode: Callable[[bytes], object]


def ways() -> list[Way]:
    """Ours first."""
    frames, subjects = TickFrames(), quote.Subjects()

    def encode(data: TickData) -> bytes:
        return frames.frame(numbered(tick_from_vnpy(data, time.time_ns(), 20260901), 1, 1))[1]

    def decode(frame: bytes) -> Tick:
        return codec.decode(Tick, frame[frame.index(b"\r\n") + 2 : -2])

    def encode_quote(data: TickData) -> bytes:
        return subjects.of(data).encode() + quote.encode(data)

    ours = [Way(PYTHON, encode, decode)]
    if (module := installed().module) is not None:
        queue = tick_queue(module, 1 << 20, 2.0)

        def encode_natively(data: TickData) -> bytes:
            return queue.frame(numbered(tick_from_vnpy(data, time.time_ns(), 20260901), 1, 1))

        ours.insert(0, Way(NATIVE, encode_natively, decode))
    return [
        *ours,
        Way(MSGSPEC, encode_quote, _decode_quote),
        Way(RPC, _pickle, pickle.loads),
    ]


def _pickle(data: TickData) -> bytes:
    return pickle.dumps(Event(EVENT_TICK, data), pickle.HIGHEST_PROTOCOL)


def _decode_quote(message: bytes) -> quote.Quote:
    return quote.decode(message[message.index(b"\xdc") :])


def run(length: Length) -> list[Result]:
    """Fresh ticks for every way, in turns."""
    mint = Mint("bench", listings(date(2026, 9, 1), INSTRUMENTS), time.time_ns())
    every = ways()
    encoded: dict[str, list[float]] = {way.name: [] for way in every}
    decoded: dict[str, list[float]] = {way.name: [] for way in every}
    size: dict[str, float] = {}
    for _ in range(length.rounds or ROUNDS):
        for way in every:
            ticks = [mint.tick(number % INSTRUMENTS) for number in range(TICKS)]
            messages, cost = _timed(way.encode, ticks)
            encoded[way.name].append(cost)
            decoded[way.name].append(_timed(way.decode, messages)[1])
            size[way.name] = sum(map(len, messages)) / TICKS
    for way in every:
        note(f"{NAME}: {way.name}: {min(encoded[way.name]):.2f} + {min(decoded[way.name]):.2f} µs/tick")
    about = (
        f"{TICKS:,} fresh TickData of {INSTRUMENTS} instruments each round, one thread; ours: TickData → domain.Tick, "
        "numbered → whole frame, and frame → domain.Tick; msgspec array: all fields of TickData; vnpy RPC: pickle of "
        "the Event, which vnpy_rpcservice does twice for every tick"
    )
    out: list[Result] = []
    for figure, unit, found in (
        ("encode", "µs/tick", encoded),
        ("decode", "µs/tick", decoded),
        ("message", "bytes", {name: [value] for name, value in size.items()}),
    ):
        out += [
            Result.of(
                NAME, figure, unit, found[own], found[peer], ours_name=own, peer_name=peer,
                lower_is_better=True, conditions=about, detail=True,
            )
            for own in found
            if own in (NATIVE, PYTHON)
            for peer in (MSGSPEC, RPC)
        ]  # fmt: skip
    if NATIVE not in size:
        out.append(Result.not_run(NAME, installed().words, "not run", ours_name=NATIVE, detail=True))
    return out


def _timed(way: Callable[..., object], things: Sequence[object]) -> tuple[list[bytes], float]:
    """What it makes of each, and µs of CPU for one."""
    began = time.thread_time()
    made = [way(thing) for thing in things]
    took = time.thread_time() - began
    return made, took / len(things) * 1e6  # pyright: ignore[reportReturnType]


CASE = Case(NAME, "what a tick costs to encode and to decode, apart from any transport", run)
