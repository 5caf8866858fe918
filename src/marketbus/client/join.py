"""Joins a snapshot and a live stream of one instrument by (epoch, seq): nothing lost, nothing twice, holes reported.

Pure: no I/O. One `Track` follows one instrument of one gateway in one feed.
"""

from collections.abc import Sequence

from marketbus.client.gap import Gap, GapCause
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.tick import Tick, TickFlag, with_flag

MAX_HELD = 20_000
"""Live ticks that one instrument keeps while it waits for its snapshot; older ones give way and show as a gap."""
_ANY = -1

Step = Tick | Gap


class Track:
    """Where a feed stands on one instrument.

    `next` is the only seq that may pass without a closer look; None sends every tick through `take`.
    """

    __slots__ = ("_cause", "_covered", "_held", "epoch", "exchange", "gateway", "next", "seq", "symbol")

    def __init__(self, gateway: str, instrument: Instrument) -> None:
        self.gateway = gateway
        self.symbol: str = instrument.symbol
        self.exchange: Exchange = instrument.exchange
        self.epoch = 0
        self.seq = _ANY
        self.next: int | None = None
        self._held: list[Tick] | None = None
        self._cause = GapCause.SEQUENCE
        self._covered = range(0)

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def held(self) -> bool:
        """Whether live ticks wait for a snapshot."""
        return self._held is not None

    def take(self, tick: Tick) -> Sequence[Step]:
        """A live tick arrived; gives what to deliver now, in order. Empty: held, a duplicate, or of an old epoch."""
        if self._held is not None:
            self._held.append(tick)
            if len(self._held) > MAX_HELD:
                del self._held[: MAX_HELD // 2]
            return ()
        return self._step(tick)

    def overtaken(self, tick: Tick) -> bool:
        """Whether a tick that `take` did not want had only been overtaken by the snapshot, and comes the first time."""
        if tick.epoch != self.epoch or tick.seq not in self._covered:
            return False
        self._covered = range(tick.seq + 1, self._covered.stop)
        return True

    def suspect(self, cause: GapCause) -> None:
        """The stream was cut: the next hole, if any, has this cause."""
        self.next = None
        self._cause = cause

    def hold(self, cause: GapCause = GapCause.SEQUENCE) -> None:
        """Keep live ticks until `join`."""
        self.next = None
        if self._held is None:
            self._held = []
        if cause is not GapCause.SEQUENCE:
            self._cause = cause

    def roll(self, epoch: int) -> Sequence[Gap]:
        """The gateway is a new process: a new beginning, after a gap if there was anything before."""
        if epoch <= self.epoch:
            return ()
        before, self.epoch, self.seq, self.next = self.seq, epoch, _ANY, None
        return () if before == _ANY else (self._gap(GapCause.EPOCH, None, None, None),)

    def join(self, snapshot: Tick | None, *, final: bool = True) -> Sequence[Step] | None:
        """The snapshot arrived (None: the gateway has no value); gives what to deliver, in order.

        Gives None and stays held when the held ticks do not continue the snapshot: take another one. With `final` the
        hole is accepted instead and reported.
        """
        held = self._held or []
        if snapshot is not None and snapshot.epoch < self.epoch:
            snapshot = None
        if snapshot is not None and not snapshot.flags & TickFlag.SNAPSHOT:
            snapshot = with_flag(snapshot, TickFlag.SNAPSHOT)
        here = (self.epoch, self.seq)
        ahead = [tick for tick in held if (tick.epoch, tick.seq) > here]
        if self.seq == _ANY:
            if snapshot is not None:
                mark = (snapshot.epoch, snapshot.seq)
                ahead = [tick for tick in ahead if (tick.epoch, tick.seq) > mark]
            if not final and ahead and not _continues(snapshot, ahead[0]):
                return None
        elif snapshot is not None and ahead and (snapshot.epoch, snapshot.seq) >= (ahead[0].epoch, ahead[0].seq):
            # Live ticks after the cut are here already; those up to the snapshot are on their way.
            snapshot = None
        self._held = None
        if snapshot is not None:
            seen = [tick.seq for tick in held if tick.epoch == snapshot.epoch]
            seen += [self.seq] if snapshot.epoch == self.epoch else []
            self._covered = range(max(seen, default=_ANY) + 1, snapshot.seq + 1)
        cause = self._cause
        out: list[Step] = []
        for tick in ahead if snapshot is None else [snapshot, *ahead]:
            out += self._step(tick)
        if not ahead:
            # What the gateway gave up during the cut may still be missing after its snapshot: the cut is over when a
            # live tick has come.
            self._cause = cause
        if self.seq != _ANY and self._cause is GapCause.SEQUENCE:
            self.next = self.seq + 1
        return out

    def _step(self, tick: Tick) -> list[Step]:
        if tick.epoch < self.epoch:
            return []
        out: list[Step] = []
        if tick.epoch > self.epoch:
            out += self.roll(tick.epoch)
        elif self.seq != _ANY:
            if tick.seq <= self.seq:
                return []
            missed = tick.seq - self.seq - 1
            if missed:
                out.append(self._gap(self._cause, missed, self.seq + 1, tick.seq - 1))
        self.seq = tick.seq
        self.next = tick.seq + 1
        self._cause = GapCause.SEQUENCE
        out.append(tick)
        return out

    def _gap(self, cause: GapCause, missed: int | None, first: int | None, last: int | None) -> Gap:
        return Gap(self.gateway, self.symbol, self.exchange, cause, missed, self.epoch, first, last)


def _continues(snapshot: Tick | None, live: Tick) -> bool:
    if snapshot is None:
        return live.seq <= 1
    return live.epoch == snapshot.epoch and live.seq == snapshot.seq + 1
