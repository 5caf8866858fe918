"""The oracle's judgement over a long run: every Volume in its turn, in memory that does not grow with the run."""

from collections.abc import Mapping, Sequence

from benchmarks.judge import Books, Verdict


class Continuity:
    """Takes what a consumer saw, piece by piece; Volume rises by exactly 1 a tick."""

    def __init__(self, books: Books) -> None:
        """`books`: the oracle's answer while nothing is on its way."""
        self._began = {symbol: book["last"] for symbol, book in books.items()}
        self._last = dict(self._began)
        self._missing = self._again = 0

    def add(self, live: Mapping[str, Sequence[int]]) -> None:
        """What came since the last piece, by symbol, in the order it came."""
        for symbol, volumes in live.items():
            last = self._last.setdefault(symbol, 0)
            for volume in volumes:
                if volume > last:
                    self._missing += volume - last - 1
                    last = volume
                else:
                    self._again += 1
            self._last[symbol] = last

    def verdict(self, books: Books) -> Verdict:
        """Of everything, once nothing is on its way. What came twice or late counts as out of order."""
        sent = unsent = behind = 0
        for symbol, last in self._last.items():
            end = books[symbol]["last"] if symbol in books else 0
            sent += end - self._began.get(symbol, 0)
            behind += max(end - last, 0)
            unsent += max(last - end, 0)
        return Verdict(sent, self._missing + behind, 0, self._again, unsent)
