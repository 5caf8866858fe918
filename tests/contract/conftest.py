"""Runs each card for the gateways that declare what it needs; one venue, bus and worker per gateway serve them all."""

from collections.abc import Iterator

import pytest

from tests.contract.gateways import REGISTERED
from tests.contract.life import Life, LockedOut, lived, locked_out
from tests.contract.line import Line
from tests.contract.registration import Registration


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A card is run where its capability is declared, or, with `lacks`, where it is not."""
    if "line" not in metafunc.fixturenames:
        return
    card = metafunc.definition.get_closest_marker("card")
    assert card is not None, f"{metafunc.definition.nodeid}: which card is this?"
    needs, lacks = card.kwargs.get("needs"), card.kwargs.get("lacks")
    fit = [r for r in REGISTERED if (needs is None or needs in r.capabilities) and lacks not in r.capabilities]
    metafunc.parametrize("line", fit, indirect=True, scope="package", ids=[r.name for r in fit])


@pytest.fixture(scope="package")
def line(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The gateway at work; each card leaves venue and subscriptions as it found them."""
    registered: Registration = request.param
    with Line(tmp_path_factory.mktemp(registered.name), registered) as line:
        yield line


@pytest.fixture(scope="package")
def life(line: Line) -> Life:
    """A second worker, from its start to its end by SIGTERM."""
    return lived(line)


@pytest.fixture(scope="package")
def out(line: Line, life: Life) -> LockedOut:
    """The second worker once more, after its life, refused by the venue."""
    return locked_out(line)
