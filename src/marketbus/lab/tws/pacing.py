"""How often historical data may be asked for. Source: TWS API reference, "Pacing Violations for Small Bars"."""

from collections import defaultdict, deque

_WINDOW_NS, _MOST = 600 * 1_000_000_000, 60
_SAME_NS = 15 * 1_000_000_000
_CONTRACT_NS, _MOST_OF_CONTRACT = 2 * 1_000_000_000, 5


class HistoryPacing:
    """60 requests in ten minutes, none twice within 15 seconds, at most five of one contract within two seconds.

    Of bid and ask each counts for two of the 60.
    """

    def __init__(self) -> None:
        self._all: deque[int] = deque()
        self._last: dict[tuple[object, ...], int] = {}
        self._of_contract: defaultdict[tuple[int, str], deque[int]] = defaultdict(deque)

    def allows(self, now_ns: int, con_id: int, show: str, request: tuple[object, ...]) -> bool:
        """Whether a request is within the limits; counts it if so."""
        of_contract = self._of_contract[con_id, show]
        _forget(self._all, now_ns - _WINDOW_NS)
        _forget(of_contract, now_ns - _CONTRACT_NS)
        last = self._last.get(request)
        weight = 2 if show == "BID_ASK" else 1
        if len(self._all) + weight > _MOST or len(of_contract) >= _MOST_OF_CONTRACT:
            return False
        if last is not None and now_ns - last < _SAME_NS:
            return False
        self._all.extend([now_ns] * weight)
        of_contract.append(now_ns)
        self._last[request] = now_ns
        return True


def _forget(moments: deque[int], before: int) -> None:
    while moments and moments[0] <= before:
        moments.popleft()
