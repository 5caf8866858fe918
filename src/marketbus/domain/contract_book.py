"""The contracts of one gateway, found by name, by pattern, or by a near miss."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from marketbus.domain.contract import Contract
from marketbus.domain.instrument import Instrument, Pattern


class ContractBook:
    """Contracts by instrument, in the order the venue listed them."""

    def __init__(self, contracts: Iterable[Contract] = ()) -> None:
        self._by_instrument: dict[Instrument, Contract] = {}
        self.update(contracts)

    def __len__(self) -> int:
        return len(self._by_instrument)

    def __iter__(self) -> Iterator[Contract]:
        return iter(self._by_instrument.values())

    def __contains__(self, instrument: Instrument) -> bool:
        return instrument in self._by_instrument

    def update(self, contracts: Iterable[Contract]) -> list[Contract]:
        """Add or replace; gives back those that are new or changed."""
        changed: list[Contract] = []
        for contract in contracts:
            key = contract.instrument
            if self._by_instrument.get(key) != contract:
                self._by_instrument[key] = contract
                changed.append(contract)
        return changed

    def get(self, instrument: Instrument) -> Contract | None:
        """The contract of an instrument."""
        return self._by_instrument.get(instrument)

    def select(self, pattern: Pattern) -> list[Contract]:
        """Every contract the pattern takes."""
        if pattern.instrument is not None:
            one = self._by_instrument.get(pattern.instrument)
            return [] if one is None else [one]
        return [contract for key, contract in self._by_instrument.items() if pattern.matches(key)]

    def suggest(self, instrument: Instrument, limit: int = 3) -> list[str]:
        """Near names that exist: other case or exchange, CZCE's digits, a typing error, a product's other months."""
        symbols = {key.symbol.casefold(): key for key in self._by_instrument if key.exchange is instrument.exchange}
        wanted = instrument.symbol.casefold()
        found = [key for key in self._by_instrument if key.symbol.casefold() == wanted]
        head = wanted.rstrip("0123456789")
        digits = wanted[len(head) :]
        if len(digits) == 4 and (short := symbols.get(head + digits[1:])):
            found.append(short)
        if len(digits) == 3:
            found += [
                key for folded, key in symbols.items() if folded.startswith(head) and folded[len(head) + 1 :] == digits
            ]
        found += [symbols[near] for near in get_close_matches(wanted, symbols, n=limit, cutoff=0.75)]
        found += [key for folded, key in symbols.items() if folded.rstrip("0123456789") == head]
        return [key.vt_symbol for key in dict.fromkeys(found)][:limit]
