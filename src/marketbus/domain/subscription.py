"""What should be subscribed: permanent pins and clients' leases, counted per instrument. Lives outside the SDK."""

from collections.abc import Iterable

import msgspec

from marketbus.domain.instrument import Instrument, Pattern


class Lease(msgspec.Struct, frozen=True):
    """One client's wish, alive until `expires` (monotonic seconds) unless renewed."""

    owner: str
    patterns: tuple[str, ...]
    expires: float


class Unmatched(msgspec.Struct, frozen=True):
    """A pattern that no contract fits, with near names that exist."""

    pattern: str
    suggestions: tuple[str, ...]


class Coverage(msgspec.Struct, frozen=True):
    """What a set of patterns takes now; globs go on to follow contracts that are listed later."""

    matched: int
    unmatched: tuple[Unmatched, ...]


class Interest(msgspec.Struct, frozen=True):
    """One instrument that is wanted, and how far that got."""

    vt_symbol: str
    holders: int
    """Pins and leases that want it."""
    requested: bool
    acknowledged: bool
    last_tick: int | None
    """ns UTC, received"""
    silent: bool = False
    """It went mute while its market is open."""


class Wishes:
    """Pins and leases. Holds patterns, so that a glob follows newly listed contracts."""

    def __init__(self, pins: Iterable[str] = ()) -> None:
        self._pins: dict[str, Pattern] = {}
        self._leases: dict[str, tuple[Lease, tuple[Pattern, ...]]] = {}
        for pin in pins:
            self.pin(pin)

    @property
    def pins(self) -> tuple[str, ...]:
        """Pinned patterns, in the order they came."""
        return tuple(self._pins)

    @property
    def leases(self) -> tuple[Lease, ...]:
        """Leases alive when last pruned."""
        return tuple(lease for lease, _ in self._leases.values())

    def pin(self, text: str) -> Pattern:
        """Want a pattern for good.

        Raises:
            SymbolError: not a pattern.
        """
        pattern = Pattern(text)
        self._pins.setdefault(pattern.text, pattern)
        return pattern

    def unpin(self, text: str) -> bool:
        """Stop wanting a pinned pattern; False when it was not pinned."""
        return self._pins.pop(Pattern(text).text, None) is not None

    def lease(self, owner: str, patterns: Iterable[str], expires: float) -> None:
        """Want patterns for one owner until `expires`; replaces what the owner leased before.

        Raises:
            SymbolError: one of them is not a pattern; nothing changes then.
        """
        parsed = tuple(Pattern(text) for text in patterns)
        self._leases[owner] = (Lease(owner, tuple(p.text for p in parsed), expires), parsed)

    def renew(self, owner: str, expires: float) -> bool:
        """Extend a lease; False when the owner holds none (the caller leases again)."""
        held = self._leases.get(owner)
        if held is None:
            return False
        self._leases[owner] = (msgspec.structs.replace(held[0], expires=expires), held[1])
        return True

    def release(self, owner: str) -> bool:
        """Drop a lease."""
        return self._leases.pop(owner, None) is not None

    def prune(self, now: float) -> list[str]:
        """Drop the leases that ran out and name their owners."""
        gone = [owner for owner, (lease, _) in self._leases.items() if lease.expires <= now]
        for owner in gone:
            del self._leases[owner]
        return gone

    def patterns(self) -> frozenset[Pattern]:
        """All that is wanted."""
        wanted = set(self._pins.values())
        for _, patterns in self._leases.values():
            wanted.update(patterns)
        return frozenset(wanted)

    def holders(self, instrument: Instrument) -> int:
        """How many pins and leases want the instrument."""
        pins = sum(pattern.matches(instrument) for pattern in self._pins.values())
        return pins + sum(any(p.matches(instrument) for p in patterns) for _, patterns in self._leases.values())
