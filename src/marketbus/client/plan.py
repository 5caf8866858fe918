"""Which gateway gives which instrument to a feed, and by which subjects. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from marketbus.domain.contract import Contract
from marketbus.domain.errors import AmbiguousGateway, UnknownInstrument
from marketbus.domain.instrument import Instrument, Pattern
from marketbus.wire import subjects

MAX_SUBJECTS = 300
"""Above this many instruments of one gateway, the wildcard is subscribed and filtered here."""


class Share:
    """What one gateway contributes to a feed."""

    def __init__(self, gateway: str) -> None:
        self.gateway = gateway
        self.instruments: dict[Instrument, None] = {}
        """Known now, in the order they were found."""
        self.globs: dict[Pattern, None] = {}
        """Globs that this gateway serves alone: also for contracts that are listed later."""

    def patterns(self) -> list[str]:
        """What to lease and to take snapshots of: globs, and the instruments that no glob takes."""
        single = [one.vt_symbol for one in self.instruments if not any(glob.matches(one) for glob in self.globs)]
        return [glob.text for glob in self.globs] + single

    def wants(self, instrument: Instrument) -> bool:
        """Whether a tick of the instrument belongs to the feed."""
        return instrument in self.instruments or any(glob.matches(instrument) for glob in self.globs)

    def subjects(self, limit: int = MAX_SUBJECTS) -> list[str]:
        """NATS subjects that cover the share and never the same instrument twice."""
        wide = [glob for glob in self.globs if glob.whole_exchange]
        narrow = [one for one in self.instruments if not any(glob.matches(one) for glob in wide)]
        wild = {subjects.tick_wildcard(self.gateway, glob) for glob in wide}
        if len(narrow) > limit:
            patterns = [glob for glob in self.globs if any(glob.matches(one) for one in narrow)]
            wild |= {subjects.tick_wildcard(self.gateway, glob) for glob in patterns}
            wild |= {_exchange(self.gateway, one) for one in narrow if not any(g.matches(one) for g in patterns)}
            narrow = []
        everything = f"md.tick.{subjects.encode_token(self.gateway)}.*.*"
        if everything in wild:
            return [everything]
        return sorted(wild) + [subjects.tick(self.gateway, one) for one in narrow]


def _exchange(gateway: str, instrument: Instrument) -> str:
    return f"md.tick.{subjects.encode_token(gateway)}.{instrument.exchange}.*"


Plan = dict[str, Share]
"""Shares by gateway."""


def choose(symbol: str, carriers: Sequence[str], preferred: Sequence[str]) -> str:
    """The one gateway to take an instrument from.

    Raises:
        AmbiguousGateway: several carry it and none is preferred.
    """
    if len(carriers) == 1:
        return carriers[0]
    for gateway in preferred:
        if gateway in carriers:
            return gateway
    raise AmbiguousGateway(symbol, carriers)


def line_up(symbol: str, carriers: Sequence[str], preferred: Sequence[str]) -> list[str]:
    """The gateway to take an instrument from and its standbys, best first: those of the carriers that are preferred.

    Raises:
        AmbiguousGateway: several carry it and none is preferred.
    """
    return [name for name in preferred if name in carriers] or [choose(symbol, carriers, preferred)]


def assign(
    patterns: Iterable[Pattern],
    books: Mapping[str, Sequence[Contract]],
    preferred: Sequence[str] = (),
    *,
    standbys: bool = False,
) -> Plan:
    """Give every instrument to exactly one gateway, or with `standbys` to every preferred one that carries it.

    `books` are the gateways' contracts for these patterns.

    Raises:
        UnknownInstrument: no gateway carries what a pattern names.
        AmbiguousGateway: several carry an instrument and none is preferred.
    """
    plan: Plan = {}
    listed = {gateway: [contract.instrument for contract in contracts] for gateway, contracts in books.items()}
    for pattern in patterns:
        carriers: dict[Instrument, list[str]] = {}
        for gateway, instruments in listed.items():
            for instrument in instruments:
                if pattern.matches(instrument):
                    carriers.setdefault(instrument, []).append(gateway)
        if not carriers:
            raise UnknownInstrument(pattern.text)
        passed_over: set[str] = set()
        used: set[str] = set()
        for instrument, candidates in carriers.items():
            chosen = line_up(instrument.vt_symbol, candidates, preferred)[: None if standbys else 1]
            for gateway in chosen:
                plan.setdefault(gateway, Share(gateway)).instruments.setdefault(instrument)
            used.update(chosen)
            passed_over.update(other for other in candidates if other not in chosen)
        if pattern.instrument is None:
            for gateway in used - passed_over:
                plan[gateway].globs.setdefault(pattern)
    return plan


def whole(patterns: Iterable[Pattern], gateway: str) -> Plan:
    """One gateway gives everything; its contracts need not be known."""
    share = Share(gateway)
    for pattern in patterns:
        if pattern.instrument is None:
            share.globs.setdefault(pattern)
        else:
            share.instruments.setdefault(pattern.instrument)
    return {gateway: share}
