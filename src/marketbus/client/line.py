"""One feed's part on one gateway: its subscriptions, its lease, and where it stands on every instrument."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from marketbus.client.arrivals import EVERY
from marketbus.client.batch_parser import Direct
from marketbus.client.gap import Gap, GapCause
from marketbus.client.hub import Hub
from marketbus.client.join import Track
from marketbus.client.link import Tap
from marketbus.client.plan import Share
from marketbus.client.stats import logger
from marketbus.domain.errors import BadPayload, MarketBusError
from marketbus.domain.instrument import Instrument
from marketbus.domain.status import GatewayStatus
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import NS
from marketbus.wire import codec, subjects
from marketbus.wire.native import native, tick_reader
from marketbus.wire.rpc import Renewed

SNAPSHOTS = 3
"""Snapshots taken to meet the live stream before a hole is accepted."""
BREATH = 0.01
"""Seconds between two looks at a gateway, however often something asks for one."""
RETRY = 0.25
RETRY_MAX = 2.0
SNAPSHOT_TIMEOUT = 2.0
"""While a snapshot is awaited live ticks wait too, so this bounds their delay."""
MAX_EARLY = 50_000
MAX_TRACKS = 200_000


@dataclass(frozen=True)
class Outlet:
    """Where a feed puts what it delivers."""

    tick: Callable[[Tick], None]
    gap: Callable[[Gap], None]


class Line:
    """Keeps one share of a feed alive until it is closed: renews, leases again, takes snapshots again."""

    def __init__(
        self, hub: Hub, share: Share, owner: str, outlet: Outlet, *, ttl: float, snapshot: bool, in_session: bool
    ) -> None:
        self.share = share
        self._hub = hub
        self._owner = owner
        self._outlet = outlet
        self._ttl = ttl
        self._snapshot = snapshot
        self._refuse = int(TickFlag.OUT_OF_SESSION) if in_session else 0
        self._epoch = 0
        self._tracks: dict[str, Track | None] = {}
        self._taps: dict[str, Tap] = {}
        self._early: list[tuple[str, Tick]] = []
        self._holding = False
        self._closed = False
        self._cut: GapCause | None = None
        self._added: list[Instrument] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._receive = self._receiver()

    async def open(self) -> None:
        """Subscribe, lease, deliver the last values, then stay.

        Raises:
            MarketBusError: the gateway refuses, or does not answer.
        """
        self._holding = self._snapshot
        await self._subscribe()
        await self._hub.link.confirm(*self._taps.values())
        await self._lease()
        self._confirm((await self._hub.calls.renew(self.share.gateway, self._owner, self._ttl)).epoch)
        await self._sync(self._tracks_of(self.share.instruments), self.share.patterns())
        self._task = asyncio.create_task(self._keep(), name=f"marketbus-line-{self.share.gateway}")

    async def close(self) -> None:
        """Stop listening and give the lease back."""
        self._closed = True  # nats-py swallows a cancellation here and there (Client._flush_pending)
        if self._task is not None:
            self._wake.set()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        taps, self._taps = self._taps, {}
        for tap in taps.values():
            await tap.close()
        with contextlib.suppress(MarketBusError):
            await self._hub.calls.unsubscribe(self.share.gateway, self._owner)

    def add(self, instrument: Instrument) -> None:
        """Follow one more instrument, a newly listed one."""
        if instrument in self.share.instruments:
            return
        self.share.instruments[instrument] = None
        if not any(glob.whole_exchange and glob.matches(instrument) for glob in self.share.globs):
            self._added.append(instrument)
            self._wake.set()

    def on_disconnect(self) -> None:
        """The connection to NATS broke: keep what still comes until a snapshot can be taken."""
        for track in self._known():
            if self._snapshot:
                track.hold(GapCause.RECONNECT)
            else:
                track.suspect(GapCause.RECONNECT)
        self._holding = self._snapshot

    def on_reconnect(self) -> None:
        """Lease again at once."""
        self._resync(GapCause.RECONNECT)

    def on_status(self, status: GatewayStatus) -> None:
        """The gateway reported; a new epoch means that it has forgotten us."""
        if status.epoch > self._epoch and status.gateway == self.share.gateway:
            self._wake.set()

    def _resync(self, cause: GapCause) -> None:
        self._cut = cause
        self._wake.set()

    def _known(self) -> list[Track]:
        return [track for track in self._tracks.values() if track is not None]

    # -- ticks ---------------------------------------------------------------------------------------------------

    def _receiver(self) -> Direct:
        # The hot path: everything it needs is a local; one comparison lets the expected tick through. The accelerator,
        # where there is one, does as much before and calls this for the rest.
        tracks, hub, stats = self._tracks, self._hub, self._hub.stats
        decode, emit, refuse = codec.decode, self._outlet.tick, self._refuse
        adopt, closer_look = self._adopt, self._closer_look
        arrived, now = hub.arrivals[self.share.gateway].delay.add, time.time_ns

        def receive(subject: str, payload: bytes) -> None:
            try:
                tick = decode(Tick, payload)
                track = tracks[subject] if subject in tracks else adopt(subject)
            except BadPayload as error:
                hub.bad_payload(subject, error)
                return
            if track is None:
                return
            if tick.symbol != track.symbol:
                hub.bad_payload(subject, "carries another symbol")
            elif tick.seq == track.next and tick.epoch == track.epoch:
                track.seq = tick.seq
                track.next = tick.seq + 1
                if not tick.flags & refuse:
                    stats.ticks += 1
                    if not tick.seq & EVERY:
                        arrived((now() - tick.received) / NS)
                    emit(tick)
            else:
                closer_look(subject, track, tick)

        module = native().module
        if module is None:
            return Direct(receive)
        return Direct(
            tick_reader(
                module,
                track=Track,
                tracks=tracks,
                receive=receive,
                emit=emit,
                stats=stats,
                arrived=arrived,
                refuse=refuse,
                every=EVERY,
            )
        )

    def _adopt(self, subject: str) -> Track | None:
        # What is in `_tracks` once, stays: the accelerator relies on it.
        gateway, instrument = subjects.parse_tick(subject)
        if len(self._tracks) > MAX_TRACKS:
            raise BadPayload(f"more than {MAX_TRACKS} instruments")
        wanted = gateway == self.share.gateway and self.share.wants(instrument)
        track = self._tracks[subject] = Track(gateway, instrument) if wanted else None
        if track is not None and self._holding:
            track.hold()
        return track

    def _closer_look(self, subject: str, track: Track, tick: Tick) -> None:
        stats = self._hub.stats
        if tick.epoch > self._epoch:
            # Only the gateway itself can say that it is a new process; one mad payload must not silence the feed.
            if len(self._early) < MAX_EARLY:
                self._early.append((subject, tick))
            self._wake.set()
            return
        if tick.epoch < self._epoch:
            stats.stale += 1
            return
        steps = track.take(tick)
        if not steps and not track.held:
            if track.overtaken(tick):
                stats.overtaken += 1
            else:
                stats.duplicates += 1
        self._deliver(steps)

    def _deliver(self, steps: Iterable[Tick | Gap]) -> None:
        for step in steps:
            if isinstance(step, Gap):
                self._outlet.gap(step)
            elif not step.flags & self._refuse:
                self._hub.stats.ticks += 1
                self._outlet.tick(step)

    def _confirm(self, epoch: int) -> None:
        """The gateway said which process it is."""
        if epoch > self._epoch:
            if self._epoch:
                for track in self._known():
                    self._deliver(track.roll(epoch))
                self._resync(GapCause.EPOCH)
            self._epoch = epoch
        early, self._early = self._early, []
        for subject, tick in early:
            track = self._tracks.get(subject)
            if tick.epoch > self._epoch:
                self._hub.bad_payload(subject, f"epoch {tick.epoch}, the gateway's is {self._epoch}")
            elif track is not None:
                self._closer_look(subject, track, tick)

    # -- snapshots -----------------------------------------------------------------------------------------------

    def _tracks_of(self, instruments: Iterable[Instrument]) -> list[Track]:
        found = (self._track(subjects.tick(self.share.gateway, one)) for one in instruments)
        return [track for track in found if track is not None]

    def _track(self, subject: str) -> Track | None:
        return self._tracks[subject] if subject in self._tracks else self._adopt(subject)

    async def _sync(
        self, tracks: Sequence[Track], patterns: Sequence[str], cause: GapCause = GapCause.SEQUENCE
    ) -> None:
        """Take a snapshot and join it with the live stream; live ticks of `tracks` wait meanwhile."""
        if not self._snapshot:
            return
        for track in tracks:
            track.hold(cause)
        values: dict[str, Tick] = {}
        try:
            for attempt in range(1, SNAPSHOTS + 1):
                for tick in await self._hub.calls.snapshot(self.share.gateway, patterns, SNAPSHOT_TIMEOUT):
                    subject = subjects.tick(self.share.gateway, tick.instrument)
                    if tick.epoch == self._epoch and self._track(subject) is not None:
                        values[subject] = tick
                open_ends = self._join(values, final=attempt == SNAPSHOTS)
                if not open_ends:
                    return
                patterns = [track.instrument.vt_symbol for track in open_ends]
        finally:
            self._holding = False
            self._join(values, final=True)

    def _join(self, values: dict[str, Tick], *, final: bool) -> list[Track]:
        self._holding = False
        open_ends: list[Track] = []
        for subject, track in list(self._tracks.items()):
            if track is None or not (track.held or subject in values):
                continue
            if not track.held:
                track.hold()
            steps = track.join(values.get(subject), final=final)
            if steps is None:
                open_ends.append(track)
            else:
                self._deliver(steps)
        values.clear()
        return open_ends

    # -- upkeep --------------------------------------------------------------------------------------------------

    async def _subscribe(self) -> None:
        wanted = self.share.subjects()
        for subject in wanted:
            if subject not in self._taps:
                shed = lambda: self._resync(GapCause.SLOW_CONSUMER)  # noqa: E731
                self._taps[subject] = await self._hub.link.subscribe(subject, self._receive, shed)
        for subject in set(self._taps) - set(wanted):
            await self._taps.pop(subject).close()

    async def _renew(self) -> Renewed:
        arrivals = self._hub.arrivals[self.share.gateway]
        heard = arrivals.take()
        try:
            return await self._hub.calls.renew(self.share.gateway, self._owner, self._ttl, heard)
        except MarketBusError:
            arrivals.put_back(heard)
            raise

    async def _lease(self) -> None:
        await self._hub.calls.subscribe(self.share.gateway, self._owner, self.share.patterns(), self._ttl)
        self._hub.stats.leases += 1

    async def _keep(self) -> None:
        """Renew at a third of the lease's life, and whenever something happened; never ends by itself."""
        delay, retry = self._ttl / 3, RETRY
        while not self._closed:
            # Not wait_for: in Python 3.11 it loses a cancellation that meets the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(BREATH)
            try:
                await self._tend()
            except MarketBusError as error:
                self._hub.throttle.warning(f"line {self.share.gateway}", f"gateway {self.share.gateway}: {error}")
                delay, retry = retry, min(retry * 2, RETRY_MAX)
            except Exception:  # noqa: BLE001 (logged with its trace; a feed outlives our own mistakes)
                logger.exception("feed on gateway %s", self.share.gateway)
                delay = RETRY_MAX
            else:
                delay, retry = self._ttl / 3, RETRY

    async def _tend(self) -> None:
        added, self._added = self._added, []
        try:
            if added:
                self._tracks_of(added)
                await self._subscribe()
                await self._hub.link.confirm(*self._taps.values())
            reply = await self._renew()
            self._confirm(reply.epoch)
            if not reply.known or (added and not self.share.globs):
                await self._lease()
            if self._cut is not None:
                cause, self._cut = self._cut, None
                try:
                    await self._sync(self._known(), self.share.patterns(), cause)
                except MarketBusError:
                    self._cut = cause
                    raise
            elif added:
                await self._sync(self._tracks_of(added), [one.vt_symbol for one in added])
        except MarketBusError:
            self._added = added + self._added
            # Nobody to ask: what waits for a snapshot is delivered as it is, holes included.
            self._holding = False
            self._join({}, final=True)
            raise
