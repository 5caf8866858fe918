"""Faults of the table are shown on every kind of counter that we simulate, some of them in a soak only."""

import pytest

from tests.system import KINDS
from tests.system.span import LONGEST


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that shows a row runs for every kind of the CTP family, or those that its mark gives as `kinds`; in an
    ordinary run for the one that it names as `scaled`, if any. A soak shows all.
    """
    mark = metafunc.definition.get_closest_marker("row")
    if mark is None or "kind" not in metafunc.fixturenames:
        return
    named = None if LONGEST in metafunc.config.stash else mark.kwargs.get("scaled")
    kinds = [kind for kind in mark.kwargs.get("kinds", KINDS) if named in (None, kind.name)]
    metafunc.parametrize("kind", kinds, ids=map(str, kinds), scope="module")
