"""Faults of the table are shown on every kind of counter that we simulate."""

import pytest

from tests.system import KINDS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that shows a row runs for every kind, or for the one its mark names."""
    mark = metafunc.definition.get_closest_marker("row")
    if mark is None or "kind" not in metafunc.fixturenames:
        return
    named = mark.kwargs.get("kind")
    kinds = [kind for kind in KINDS if named in (None, kind.name)]
    metafunc.parametrize("kind", kinds, ids=map(str, kinds), scope="module")
