"""How long a fault lasts: seconds in `make test`, as long as reliability.md says in `make soak`."""

import pytest

LONGEST = pytest.StashKey[float]()
"""Of `pytest.Config.stash`: seconds that no fault of a soak exceeds; absent in an ordinary run."""


class Span:
    """Gives the length that holds in this run. `longest`: None in an ordinary run."""

    def __init__(self, longest: float | None) -> None:
        self._longest = longest

    @property
    def soaking(self) -> bool:
        """Whether this is a soak."""
        return self._longest is not None

    def seconds(self, scaled: float, full: float) -> float:
        """Of a time; a soak is never shorter than an ordinary run."""
        return scaled if self._longest is None else max(scaled, min(full, self._longest))

    def count(self, scaled: int, full: int) -> int:
        """Of anything else: a soak takes it in full."""
        return full if self.soaking else scaled
