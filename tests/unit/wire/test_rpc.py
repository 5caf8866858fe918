import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.errors import BadRequest, MarketBusError, NotSupported, UnknownInstrument
from marketbus.wire import rpc

REQUESTS: list[type[rpc.Request]] = list(dict.fromkeys(verb.request for verb in rpc.VERBS))


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"patterns": "rb2701.SHFE"}',
        b'{"patterns": [""]}',
        b'{"patterns": [], "more": 1}',
        b"[1]",
        b"\xff",
        b"[" * 50_000,
        b'{"patterns": [' + b'"a",' * 6000 + b'"a"]}',
        b" " * (rpc.MAX_REQUEST + 1),
    ],
)
def test_a_request_that_does_not_fit_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        rpc.decode_request(rpc.Select, body)


@given(st.binary(max_size=300))
@pytest.mark.parametrize("kind", REQUESTS)
def test_random_bytes_are_a_request_or_a_bad_request(kind: type[rpc.Request], body: bytes) -> None:
    with contextlib.suppress(BadRequest):
        rpc.decode_request(kind, body)


def test_an_empty_body_is_an_empty_object() -> None:
    assert rpc.decode_request(rpc.Nothing, b"") == rpc.Nothing()


def test_errors_keep_their_kind_across_the_bus() -> None:
    status, fault = rpc.fault_of(NotSupported("no unsubscribe", "do without"))
    assert status == 501
    error = rpc.error_of(fault)
    assert isinstance(error, NotSupported)
    assert (error.message, error.hint) == ("no unsubscribe", "do without")
    assert rpc.fault_of(UnknownInstrument("x.SHFE"))[0] == 404
    assert type(rpc.error_of(rpc.Fault("of the future", "m"))) is MarketBusError
