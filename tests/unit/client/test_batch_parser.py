"""On any bytes in any pieces, the batch parser hears what nats-py's own hears."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import nats.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.protocol.parser import Parser

from marketbus.client.batch_parser import BatchParser, Direct
from marketbus.wire.native import Native, native
from tests.system.nats import NatsServer


class Sub:
    def __init__(self, callback: object) -> None:
        self._cb = callback


class Told:
    """In nats-py's client's place: what the parsers tell it."""

    def __init__(self, heard: list[Any], direct: bool) -> None:
        self.heard = heard
        self.stats = {"in_msgs": 0, "in_bytes": 0}
        straight = Direct(lambda subject, payload: heard.append((1, subject, payload)))
        self._subs = {1: Sub(straight if direct else None), 2: Sub(None)}

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> None:
        if sid == 1 and not headers:
            self.heard.append((1, subject.decode(), data))
        else:
            self.heard.append((sid, subject, reply, data, headers))

    async def _process_ping(self) -> None:
        self.heard.append("ping")

    async def _process_pong(self) -> None:
        self.heard.append("pong")

    async def _process_err(self, words: str) -> None:
        self.heard.append(words)

    async def _process_info(self, info: dict[str, Any]) -> None:
        self.heard.append(info)


payloads = st.binary(max_size=40) | st.sampled_from([b"", b"\r\n", b"MSG a 1 3\r\nabc\r\n", b"PING\r\n", b"x" * 9000])
subjects = st.sampled_from([b"md.tick.ctp.SHFE.rb2701", b"a", b"sys.gateway.x"])


def message(sid: int, subject: bytes, payload: bytes, reply: bytes = b"") -> bytes:
    words = [subject, b"%d" % sid, *([reply] if reply else []), b"%d" % len(payload)]
    return b"MSG " + b" ".join(words) + b"\r\n" + payload + b"\r\n"


def with_headers(sid: int, subject: bytes, payload: bytes) -> bytes:
    headers = b"NATS/1.0\r\nA: b\r\n\r\n"
    return b"HMSG %s %d %d %d\r\n%s%s\r\n" % (subject, sid, len(headers), len(headers) + len(payload), headers, payload)


commands = st.one_of(
    st.builds(message, st.sampled_from([1, 1, 1, 2]), subjects, payloads, st.sampled_from([b"", b"_INBOX.x"])),
    st.builds(with_headers, st.sampled_from([1, 2]), subjects, payloads),
    st.sampled_from([b"PING\r\n", b"PONG\r\n", b"+OK\r\n", b"-ERR 'Slow Consumer'\r\n", b'INFO {"port":4222}\r\n']),
)


def twins() -> list[Native]:
    """Python alone, and with the accelerator where it is installed."""
    return [Native(None, "python"), *([native()] if native().module else [])]


def pieces(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    return [stream[a:b] for a, b in pairwise(places)]


@given(st.lists(commands, max_size=12), st.lists(st.integers(min_value=0, max_value=40_000), max_size=8))
def test_it_hears_what_the_other_hears_however_the_bytes_come(given: list[bytes], cuts: list[int]) -> None:
    heard: list[Any] = []
    expected: list[Any] = []

    async def feed(parser: Any) -> None:
        for piece in pieces(b"".join(given), cuts):
            await parser.parse(piece)

    asyncio.run(feed(Parser(Told(expected, direct=False))))
    for twin in twins():
        heard.clear()
        told: Any = Told(heard, direct=True)
        asyncio.run(feed(BatchParser(told, twin)))
        assert heard == expected
        assert told.stats["in_msgs"] == sum(
            command.split()[0] == b"MSG" and command.split()[2] == b"1" for command in given
        )


hostile = st.lists(
    st.sampled_from(
        [b"MSG ", b"MSG a 1 3\r\nabc\r\n", b"a", b" ", b"1", b"\t", b"-1", b"99999999999999999999", b"\r\n", b"\r"]
    )
    | st.binary(max_size=6),
    max_size=14,
).map(b"".join)


@given(hostile, st.lists(st.integers(min_value=0, max_value=200), max_size=4))
def test_hostile_bytes_end_alike_with_and_without_the_accelerator(stream: bytes, cuts: list[int]) -> None:
    async def feed(twin: Native) -> list[Any]:
        heard: list[Any] = []
        parser = BatchParser(Told(heard, direct=True), twin)  # pyright: ignore[reportArgumentType]
        try:
            for piece in pieces(stream, cuts):
                await parser.parse(piece)
        except nats.errors.ProtocolError as error:
            heard.append(str(error))
        return heard

    python, *others = [asyncio.run(feed(twin)) for twin in twins()]
    assert all(other == python for other in others)


@pytest.mark.parametrize(
    "line", [b"MSG a 1 x\r\n", b"MSG a 1 -3\r\n", b"MSG a\r\n", b"MSG a one 3\r\nabc\r\n", b"HMSG a 1 q\r\n", b"NO\r\n"]
)
async def test_what_is_no_command_ends_the_connection_as_with_nats_py(line: bytes) -> None:
    told: Any = Told([], direct=True)
    with pytest.raises(nats.errors.ProtocolError):
        await BatchParser(told).parse(line)


async def test_a_receiver_that_raises_is_told_and_the_next_message_comes() -> None:
    heard: list[Any] = []
    told: Any = Told(heard, direct=True)

    async def error_cb(error: Exception) -> None:
        heard.append(type(error))

    def receive(subject: str, payload: bytes) -> None:
        heard.append(payload)
        raise ZeroDivisionError

    told._error_cb = error_cb
    told._subs[1] = Sub(Direct(receive))
    await BatchParser(told).parse(message(1, b"a", b"one") + message(1, b"a", b"two"))
    assert heard == [b"one", ZeroDivisionError, b"two", ZeroDivisionError]


async def test_a_new_connection_begins_with_nothing_of_the_old() -> None:
    heard: list[Any] = []
    told: Any = Told(heard, direct=True)
    parser = BatchParser(told)
    await parser.parse(b"MSG a 1 5\r\nhal")
    parser.reset()
    await parser.parse(message(1, b"b", b"whole"))
    assert heard == [(1, "b", b"whole")]


async def test_on_a_real_server_both_kinds_of_subscription_live_side_by_side(tmp_path: Any) -> None:
    server = NatsServer(tmp_path)
    server.start()
    direct: list[tuple[str, bytes]] = []
    queued: list[Msg] = []
    client = Client()
    BatchParser.install(client)
    try:
        await client.connect(server.url)  # pyright: ignore[reportUnknownMemberType]

        async def take(message: Msg) -> None:
            queued.append(message)

        await client.subscribe("d.>", cb=Direct(lambda subject, payload: direct.append((subject, payload))))  # pyright: ignore[reportUnknownMemberType]
        await client.subscribe("q.>", cb=take)  # pyright: ignore[reportUnknownMemberType]
        for number in range(2000):
            await client.publish(f"{'dq'[number % 2]}.{number}", b"x" * number)
        await client.flush()
        await client.flush()
        assert [len(payload) for _, payload in direct] == list(range(0, 2000, 2))
        assert [len(message.data) for message in queued] == list(range(1, 2000, 2))
        assert client.stats["in_msgs"] == 2000
    finally:
        await client.close()
        server.stop()
