"""How long a fault lasts: seconds in `make test`, as long as reliability.md says in `make soak`."""

import pytest

SCALE = pytest.StashKey[float]()
"""Of `pytest.Config.stash`: the share of the full length; absent in an ordinary run."""


class Span:
    """Called with the scaled and the full length, gives the one that holds now. `scale`: None in an ordinary run."""

    def __init__(self, scale: float | None) -> None:
        self._scale = scale

    @property
    def soaking(self) -> bool:
        """Whether this is a soak."""
        return self._scale is not None

    def __call__(self, scaled: float, full: float) -> float:
        """Seconds, or whatever is counted; a soak is never shorter than an ordinary run."""
        return scaled if self._scale is None else max(scaled, full * self._scale)
