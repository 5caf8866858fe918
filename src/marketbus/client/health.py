"""Which of some gateways can be relied on now, as far as their reports tell. Pure: told of reports and of time."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from marketbus.domain.session import SessionState
from marketbus.domain.status import GatewayStatus

SILENT = 0.8
"""Seconds without a report after which a gateway is lost: three reports missed. With BEAT it is less than a second."""
HOLD = 3.0
"""Seconds that a gateway must have been READY without a break before a feed returns to it: a line that flaps must not
make the feed flap."""
BEAT = 0.1
"""Seconds between two looks at the clock."""
MAX_STEP = 3 * BEAT
"""A look that comes later than this means that this program did not run; nobody could be heard meanwhile."""


@dataclass(frozen=True)
class _Report:
    at: float
    epoch: int
    state: SessionState
    since: float | None
    """READY since then without a break."""
    contracts: int


class Health:
    """Judges gateways by their reports.

    Silence counts only while this client could have heard: neither a lost connection to NATS nor a handler that blocks
    the loop makes a gateway look dead.
    """

    def __init__(self, gateways: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.gateways = tuple(gateways)
        self.listeners: list[Callable[[], None]] = []
        """Called when the answer of `good` or `steady` has changed for a gateway."""
        self._clock = clock
        self._looked = clock()
        self._connected = False
        self._listened = 0.0
        self._reports: dict[str, _Report] = {}
        self._mute: set[str] = set()
        self._verdict: frozenset[tuple[str, bool]] = frozenset()

    def heard(self, status: GatewayStatus) -> None:
        """A gateway reported."""
        before = self._reports.get(status.gateway)
        if status.gateway not in self.gateways or (before is not None and status.epoch < before.epoch):
            return
        since = None
        if status.md.state is SessionState.READY:
            since = self._listened
            if before is not None and before.epoch == status.epoch and not self.silent(status.gateway):
                since = before.since if before.since is not None else since
        self._mute.discard(status.gateway)
        self._reports[status.gateway] = _Report(self._listened, status.epoch, status.md.state, since, status.contracts)
        self._judge()

    def unheard(self, gateway: str) -> None:
        """A gateway was asked and did not answer."""
        self._mute.add(gateway)
        self._judge()

    def beat(self, *, connected: bool) -> None:
        """Time has passed; `connected`: NATS is reachable."""
        now = self._clock()
        if connected and self._connected:
            self._listened += min(now - self._looked, MAX_STEP)
        self._looked, self._connected = now, connected
        self._judge()

    def known(self, gateway: str) -> bool:
        """Whether it has ever reported."""
        return gateway in self._reports

    def silent(self, gateway: str) -> bool:
        """Whether it should have been heard of and was not."""
        report = self._reports.get(gateway)
        at = 0.0 if report is None else report.at
        return gateway in self._mute or self._listened - at > SILENT

    def good(self, gateway: str) -> bool:
        """Whether its market data session is READY and it goes on saying so."""
        report = self._reports.get(gateway)
        return report is not None and report.since is not None and not self.silent(gateway)

    def steady(self, gateway: str) -> bool:
        """Whether it has been `good` for HOLD seconds."""
        report = self._reports.get(gateway)
        if report is None or report.since is None or not self.good(gateway):
            return False
        return self._listened - report.since >= HOLD

    def epoch(self, gateway: str) -> int:
        """The epoch it last reported; 0 if it never did."""
        report = self._reports.get(gateway)
        return 0 if report is None else report.epoch

    def contracts(self, gateway: str) -> int:
        """How many contracts it last reported."""
        report = self._reports.get(gateway)
        return 0 if report is None else report.contracts

    def unwell(self, gateway: str) -> bool:
        """Whether it is one of ours and not `good`."""
        return gateway in self.gateways and not self.good(gateway)

    def words(self, gateway: str) -> str:
        """How it is, to show: `STALE`, `silent`."""
        report = self._reports.get(gateway)
        return "silent" if report is None or self.silent(gateway) else str(report.state)

    def ranked(self, gateways: Sequence[str]) -> tuple[str, ...]:
        """The same gateways, those that are known to be in trouble last."""
        return tuple(sorted(gateways, key=lambda name: self.known(name) and not self.good(name)))

    def _judge(self) -> None:
        verdict = frozenset((name, self.steady(name)) for name in self.gateways if self.good(name))
        if verdict != self._verdict:
            self._verdict = verdict
            for listener in list(self.listeners):
                listener()
