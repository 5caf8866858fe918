"""How many orders and cancels an account sent: within the last second, today, per exchange and per contract."""

from collections import deque
from collections.abc import Iterator

import msgspec

from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.times import NS

BURST = 10
"""Orders and cancels within a second that make one occasion, unless the exchange has another number."""


class ExchangeFlow(msgspec.Struct):
    """The flow to one exchange on one trading day."""

    orders: int = 0
    cancels: int = 0
    peak: int = 0
    """The most within any second."""
    bursts: int = 0
    recent: list[int] = []
    """When, ns UTC, in the last second."""
    unspent: int = 0
    """Of `recent`, the latest that are not yet part of an occasion."""

    @property
    def actions(self) -> int:
        """Orders and cancels."""
        return self.orders + self.cancels


class FlowState(msgspec.Struct):
    """Everything, as it is kept over a restart."""

    trading_day: int = 0
    exchanges: dict[str, ExchangeFlow] = {}
    cancels: dict[str, int] = {}
    """By vt_symbol."""
    large_cancels: dict[str, int] = {}
    loss_stop: bool = False
    """The daily loss was reached: it holds for the day, also when prices come back."""


class Flow:
    """Counts of one account. Times must not go back; one that does counts as now."""

    def __init__(self, state: FlowState | None = None) -> None:
        self.state = FlowState() if state is None else state
        self._recent = {name: deque(flow.recent) for name, flow in self.state.exchanges.items()}

    def day(self, trading_day: int) -> None:
        """Begin a trading day; the last second goes on across it. A day that is over does not come back."""
        if trading_day > self.state.trading_day:
            # What is within the last second still is: sessions meet without a pause on some venues.
            self.state = FlowState(trading_day)
            for name in self._recent:
                self.state.exchanges[name] = ExchangeFlow()

    def order(self, instrument: Instrument, at: int, burst: int = BURST) -> None:
        """An order goes out."""
        flow = self._count(instrument.exchange, at, burst)
        flow.orders += 1

    def cancel(self, instrument: Instrument, at: int, *, large: bool = False, burst: int = BURST) -> None:
        """A cancel goes out."""
        flow = self._count(instrument.exchange, at, burst)
        flow.cancels += 1
        name = instrument.vt_symbol
        self.state.cancels[name] = self.state.cancels.get(name, 0) + 1
        if large:
            self.state.large_cancels[name] = self.state.large_cancels.get(name, 0) + 1

    def within_second(self, at: int, exchange: Exchange | None = None) -> int:
        """Orders and cancels in the second before `at`, to one exchange or to all."""
        return sum(
            _later(recent, at - NS) for name, recent in self._recent.items() if exchange is None or name == exchange
        )

    def unspent(self, at: int, exchange: Exchange) -> int:
        """Of those to the exchange, how many would count towards its next occasion."""
        flow = self.state.exchanges.get(exchange)
        return 0 if flow is None else min(flow.unspent, self.within_second(at, exchange))

    def of(self, exchange: Exchange) -> ExchangeFlow:
        """Today's figures of one exchange."""
        return self.state.exchanges.get(exchange) or ExchangeFlow()

    @property
    def actions(self) -> int:
        """Orders and cancels today."""
        return sum(flow.actions for flow in self.state.exchanges.values())

    def cancels(self, instrument: Instrument) -> int:
        """Cancels of one contract today."""
        return self.state.cancels.get(instrument.vt_symbol, 0)

    def kept(self) -> FlowState:
        """A copy to be kept; `Flow(kept)` goes on where this one was."""
        exchanges = {
            name: msgspec.structs.replace(flow, recent=list(self._recent.get(name, ())))
            for name, flow in self.state.exchanges.items()
        }
        return msgspec.structs.replace(
            self.state,
            exchanges=exchanges,
            cancels=dict(self.state.cancels),
            large_cancels=dict(self.state.large_cancels),
        )

    def figures(self) -> Iterator[tuple[str, ExchangeFlow]]:
        """Today's figures by exchange, for the daily report."""
        return iter(sorted(self.state.exchanges.items()))

    def _count(self, exchange: Exchange, at: int, burst: int) -> ExchangeFlow:
        flow = self.state.exchanges.setdefault(str(exchange), ExchangeFlow())
        recent = self._recent.setdefault(str(exchange), deque())
        if recent:
            at = max(at, recent[-1])
        while recent and recent[0] <= at - NS:
            recent.popleft()
        flow.unspent = min(flow.unspent, len(recent)) + 1
        recent.append(at)
        flow.peak = max(flow.peak, len(recent))
        if flow.unspent >= burst:
            # Occasions do not share orders. Counted so, there is one at least in every second of the clock that holds
            # `burst` of them, however the exchange cuts its seconds.
            flow.bursts += 1
            flow.unspent = 0
        return flow


def _later(times: deque[int], than: int) -> int:
    """How many of the times, which are in order, are later; most are."""
    old = 0
    for time in times:
        if time > than:
            break
        old += 1
    return len(times) - old
