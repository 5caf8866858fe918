"""What a tick needs to know of its symbol: CTP's market data names neither exchange nor contract."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from marketbus.domain.contract import Contract
from marketbus.domain.instrument import Exchange, Instrument, product_code


class Facts(NamedTuple):
    """The facts of one symbol."""

    exchange: Exchange
    name: str
    product: str
    size: float | None
    product_id: str = ""
    """The venue's product code."""


class Symbols:
    """Facts by symbol. Written from the loop, read in SDK threads: single dict operations, so no lock."""

    def __init__(self) -> None:
        self.changed: Callable[[str], None] = lambda symbol: None
        """Hears which symbol's facts are no longer what they were."""
        self._facts: dict[str, Facts] = {}

    def get(self, symbol: str) -> Facts | None:
        """The facts, when we have any."""
        return self._facts.get(symbol)

    def list(self, contracts: Iterable[Contract]) -> None:
        """Take contracts as the counter listed them."""
        for contract in contracts:
            before = self._facts.get(contract.symbol)
            self._facts[contract.symbol] = facts = Facts(
                contract.exchange,
                contract.name,
                product_code(contract.symbol),
                contract.size or None,
                contract.product_id,
            )
            if before is not None and before != facts:
                self.changed(contract.symbol)

    def take_word(self, instruments: Sequence[Instrument]) -> None:
        """A subscription names the exchange; enough for ticks while the trading front is down."""
        for symbol, exchange in instruments:
            if symbol not in self._facts:
                self._facts[symbol] = Facts(exchange, "", product_code(symbol), None)
