"""The desired subscriptions, reconciled with the venue after every login and every change of mind."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from marketbus.domain.contract_book import ContractBook
from marketbus.domain.instrument import Instrument, Pattern
from marketbus.domain.subscription import Coverage, Unmatched, Wishes


class Change(NamedTuple):
    """What to ask of the venue now."""

    subscribe: list[Instrument]
    unsubscribe: list[Instrument]


class Subscriptions:
    """Compares what is wanted with what was asked for in the present login."""

    def __init__(self, wishes: Wishes, book: ContractBook) -> None:
        self.wishes = wishes
        self._book = book
        self.contracts_complete = False
        self._login = False
        self.requested: set[Instrument] = set()
        self.acknowledged: set[Instrument] = set()
        self.answers = 0
        """Everything that the venue answered, refusals included."""
        self.silent: frozenset[Instrument] = frozenset()
        """Instruments that went mute, as the watchdog sees it."""
        self.candidates: dict[str, tuple[str, ...]] = {}
        """Near names that the venue itself gave for a pattern that nothing fits."""

    def login(self) -> Change:
        """A fresh login knows no subscription: ask for each once."""
        self._login = True
        self.requested.clear()
        self.acknowledged.clear()
        return self.reconcile()

    def logout(self) -> None:
        """The session is gone; nothing is asked for until the next login."""
        self._login = False
        self.requested.clear()
        self.acknowledged.clear()

    def reconcile(self) -> Change:
        """What differs between wanted and asked for; marks it as asked for."""
        if not self._login:
            return Change([], [])
        wanted = self.wanted()
        change = Change(sorted(wanted - self.requested), sorted(self.requested - wanted))
        self.requested = wanted
        self.acknowledged -= set(change.unsubscribe)
        return change

    def answered(self, instrument: Instrument, *, ok: bool) -> None:
        """The venue acknowledged or refused one."""
        self.answers += 1
        if ok and instrument in self.requested:
            self.acknowledged.add(instrument)

    def wanted(self) -> set[Instrument]:
        """Every instrument that pins and leases take now.

        While the contract list is not complete a named instrument is taken at its word; later it must be listed.
        """
        wanted: set[Instrument] = set()
        for pattern in self.wishes.patterns():
            if pattern.instrument is not None and not self.contracts_complete:
                wanted.add(pattern.instrument)
            else:
                wanted.update(contract.instrument for contract in self._book.select(pattern))
        return wanted

    def coverage(self, patterns: Sequence[str]) -> Coverage:
        """How many instruments the patterns take, and those that take none."""
        matched: set[Instrument] = set()
        unmatched: list[Unmatched] = []
        for pattern in map(Pattern, patterns):
            found = [contract.instrument for contract in self._book.select(pattern)]
            matched.update(found)
            if not found:
                unmatched.append(Unmatched(pattern.text, self.suggest(pattern)))
        return Coverage(len(matched), tuple(unmatched))

    def suggest(self, pattern: Pattern) -> tuple[str, ...]:
        """Near names for a pattern that takes nothing."""
        if pattern.instrument is None:
            return ()
        return tuple(dict.fromkeys((*self.candidates.get(pattern.text, ()), *self._book.suggest(pattern.instrument))))

    def unmatched_pins(self) -> Iterable[Pattern]:
        """Pins that no contract fits."""
        return [pattern for pattern in map(Pattern, self.wishes.pins) if not self._book.select(pattern)]
