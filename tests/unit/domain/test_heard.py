import msgspec
import pytest

from marketbus.client.gap import GapCause
from marketbus.domain.errors import BadRequest
from marketbus.domain.heard import CAUSES, Heard, Listeners
from marketbus.wire.rpc import Renew, decode_request


def test_every_cause_that_a_client_knows_is_counted_by_its_name() -> None:
    assert {cause.value for cause in GapCause} == CAUSES


def test_a_client_cannot_invent_a_metric() -> None:
    listeners = Listeners()
    listeners.told(Heard(gaps={"reconnect": 2, 'x"} 1\n': 3}))
    assert listeners.gaps == {"reconnect": 2, "other": 3}


@pytest.mark.parametrize(
    "heard",
    [
        {"delay": {"counts": [1] * 17, "total": 1.0}},
        {"delay": {"counts": [-1] * 18, "total": 1.0}},
        {"delay": {"counts": [10**15] * 18, "total": 1.0}},
        {"delay": {"counts": [0] * 18, "total": -1.0}},
        {"gaps": {"x" * 33: 1}},
        {"gaps": {str(at): 1 for at in range(17)}},
        {"gaps": {"reconnect": -1}},
        {"missed": -1},
    ],
)
def test_a_report_that_is_none_is_refused(heard: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        decode_request(Renew, msgspec.json.encode({"owner": "me", "heard": heard}))
