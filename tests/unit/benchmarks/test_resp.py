import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.consumers.resp import Messages

PATTERN = "md.*"


def message(channel: bytes, payload: bytes) -> bytes:
    head = b"*4\r\n$8\r\npmessage\r\n$4\r\nmd.*\r\n"
    return head + b"$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(channel), channel, len(payload), payload)


SUBSCRIBED = b"*3\r\n$10\r\npsubscribe\r\n$4\r\nmd.*\r\n:1\r\n"


@given(st.lists(st.binary(max_size=40), max_size=8), st.lists(st.integers(1, 60), min_size=1))
def test_messages_come_out_whole_however_the_socket_cuts_them(payloads: list[bytes], cuts: list[int]) -> None:
    stream = SUBSCRIBED + b"".join(message(b"md.x", payload) for payload in payloads)
    messages, came = Messages(PATTERN), list[bytes]()
    while stream:
        for cut in cuts:
            came += messages.feed(stream[:cut])
            stream = stream[cut:]
    assert came == payloads


def test_anything_else_is_an_error() -> None:
    messages = Messages(PATTERN)
    with pytest.raises(ValueError, match="-ERR"):
        list(messages.feed(SUBSCRIBED + b"-ERR what\r\n" + b" " * 80 + b"\r\n"))
