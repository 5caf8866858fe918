"""Joins what an account's journal and the bus tell into one account without holes or repetitions.

Pure: no I/O. One `Join` follows one kind of payload of one account. Positions of the journal only grow, but not every
entry tells something, so a hole cannot be seen in them: whoever was cut off asks the journal what it missed.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from msgspec.structs import replace

from marketbus.domain.account import Account
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade

P = TypeVar("P", Order, Trade, Position, Account)

MAX_HELD = 20_000
"""Live payloads kept during a cut; with more of them the journal is asked once more instead."""
MAX_HEARD = 100_000
"""Payloads remembered between two looks at the journal; after more of them all is read from it once."""


class Join(Generic[P]):
    """What was given so far, and what may still be.

    A fill is given once. Of orders, positions and funds each state is given that is newer than the last one given of
    the same order, position or account: one that was overtaken says nothing any more.
    """

    def __init__(self, floor: int = 0) -> None:
        self.floor = floor
        """Everything up to this position of the journal was given, or came before the beginning."""
        self._given: dict[Hashable, int] = {}
        self._known: dict[Hashable, P] = {}
        self._heard: set[tuple[int, Hashable]] | None = set()
        """Position and name of what came from the bus after `floor`; None: too much to remember."""
        self._held: list[P] | None = None
        self._spilt = False

    @property
    def held(self) -> bool:
        """Whether live payloads wait for `release`."""
        return self._held is not None

    def snapshot(self, payloads: Iterable[P]) -> list[P]:
        """How matters stood at some time after `floor`: what is told of them later may be older."""
        payloads = list(payloads)
        self._known = {name_of(payload): payload for payload in payloads}
        return payloads

    def hold(self) -> None:
        """The stream was cut: keep live payloads until the journal was asked."""
        if self._held is None:
            self._held = []

    def live(self, payload: P) -> Sequence[P]:
        """From the bus, in any order, any number of times; gives what to deliver."""
        self._hear(payload)
        if self._held is None:
            return self._take(payload)
        self._held.append(payload)
        if len(self._held) > MAX_HELD:
            self._held.clear()
            self._spilt = True
        return ()

    def recorded(self, payloads: Iterable[P], upto: int) -> list[P]:
        """From the journal, all that it tells after `floor` up to a position; gives what to deliver."""
        out = [each for payload in payloads for each in self._take(payload)]
        self._advance(upto)
        return out

    def complete(self, upto: int, count: int) -> bool:
        """Whether all that was told after `floor` up to a position has come from the bus; if so, that is the floor."""
        if self._heard is None or sum(position <= upto for position, _ in self._heard) != count:
            return False
        self._advance(upto)
        return True

    def restart(self) -> None:
        """Another journal took the place of the one that was followed: its positions begin anew."""
        self.floor = 0
        self._given.clear()
        self._heard = set()

    def release(self) -> list[P] | None:
        """The journal was asked to its end; gives what to deliver, or None: ask it again."""
        if self._spilt:
            self._spilt = False
            return None
        held, self._held = self._held or [], None
        return [each for payload in sorted(held, key=_position) for each in self._take(payload)]

    def _hear(self, payload: P) -> None:
        if self._heard is not None and payload.journal_position > self.floor:
            self._heard.add((payload.journal_position, name_of(payload)))
            if len(self._heard) > MAX_HEARD:
                self._heard = None

    def _advance(self, upto: int) -> None:
        if upto <= self.floor:
            return
        self.floor = upto
        self._given = {name: position for name, position in self._given.items() if position > upto}
        self._heard = {each for each in self._heard if each[0] > upto} if self._heard is not None else set()

    def _take(self, payload: P) -> Sequence[P]:
        position = payload.journal_position
        name = name_of(payload)
        if position <= self.floor or position <= self._given.get(name, 0):
            return ()
        known = self._known.get(name)
        if known is not None:
            if not _is_newer(payload, known):
                return ()
            del self._known[name]
        self._given[name] = position
        return (payload,)


def name_of(payload: Order | Trade | Position | Account) -> Hashable:
    """What a payload is about; a later one about the same replaces it."""
    match payload:
        case Order():
            return payload.client_order_id
        case Trade():
            return payload.key
        case Position():
            return payload.symbol, payload.exchange, payload.direction, payload.hedge
        case Account():
            return payload.account


def _is_newer(payload: Order | Trade | Position | Account, known: Order | Trade | Position | Account) -> bool:
    """Whether it says more than a snapshot. When in doubt it does: what is older is followed by what is not."""
    if isinstance(payload, Trade):
        return False
    if isinstance(payload, Order):
        if isinstance(known, Order) and payload.updated != known.updated:  # an order's never goes back
            return payload.updated > known.updated
        return replace(payload, journal_position=0) != replace(known, journal_position=0)
    return replace(payload, journal_position=0, updated=0) != replace(known, journal_position=0, updated=0)


def _position(payload: Order | Trade | Position | Account) -> int:
    return payload.journal_position
