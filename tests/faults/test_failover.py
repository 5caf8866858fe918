"""Two lines to one market under load: the preferred one freezes, drops, goes mute; the other takes over."""

import signal
import time
from itertools import pairwise

import pytest

from marketbus import Gap, GapCause, Tick
from tests.conftest import Measured, Systems
from tests.system import Span, eventually, symbol

A, B = "ctp-a", "ctp-b"
KNOWN = 1.0
"""Seconds within which a loss must be known, and from then on the other's ticks must come."""


class Feed:
    """What a consumer was given, with the time it came."""

    def __init__(self) -> None:
        self.seen: list[Tick | Gap] = []
        self.times: list[float] = []

    def take(self, one: Tick | Gap) -> None:
        self.seen.append(one)
        self.times.append(time.monotonic())

    def first(self, gateway: str, after: float) -> float | None:
        """When the first tick of a gateway came after a moment."""
        rows = zip(self.times, self.seen, strict=False)
        return next((at for at, one in rows if at > after and isinstance(one, Tick) and one.gateway == gateway), None)

    def check(self) -> None:
        """Never twice, never back, never two gateways without a gap in between; raises by assertion."""
        streams: dict[str, list[Tick | Gap]] = {}
        for one in self.seen:
            streams.setdefault(one.symbol, []).append(one)
        assert len(streams) > 3
        for name, stream in streams.items():
            ticks = [one for one in stream if isinstance(one, Tick)]
            volumes = [one.volume for one in ticks]  # the venue raises it by 1 with each tick of an instrument
            assert all(one < other for one, other in pairwise(volumes)), (name, "twice or back")
            assert all(one.datetime <= other.datetime for one, other in pairwise(ticks)), (name, "back in time")
            for one, other in pairwise(stream):
                if isinstance(one, Tick) and isinstance(other, Tick):
                    assert one.gateway == other.gateway, (name, "another gateway without a gap")
                if isinstance(one, Gap):
                    assert one.missed is None or one.cause is not GapCause.FAILOVER


@pytest.mark.row(6, "another line takes over within 1 s of the loss, gap marked, and is left again", scaled="ctp")
async def test_the_other_line_takes_over_and_the_preferred_one_is_returned_to(
    systems: Systems, span: Span, measured: Measured
) -> None:
    """One market, a front for each line: the first line's worker is frozen, its front hangs up, its front goes mute."""
    system = systems(rate=2000.0, md_fronts=2)
    md, md2 = system.lab.md_fronts
    wanted = system.kind.many
    worker = system.worker(wanted, name=A, setting={"行情服务器": md}, stale_after=1.0)
    system.worker(wanted, name=B, setting={"行情服务器": md2})
    async with system.connect(preferred=[A, B]) as bus:
        await system.ready(bus, A)
        await system.ready(bus, B)
        feed, health = Feed(), bus._hub.health  # pyright: ignore[reportPrivateUsage]
        known: list[float] = []
        health.listeners.append(lambda: None if health.good(A) else known.append(time.monotonic()))
        async with await bus.on_ticks(wanted, feed.take, on_gap=feed.take) as listening:
            await eventually(lambda: len(feed.seen) > 500, "a stream")
            assert listening.gateways == (A,)
            for number, loss in enumerate(("frozen", "dropped", "mute"), start=1):
                known.clear()
                lost = time.monotonic()
                match loss:
                    case "frozen":
                        worker.send(signal.SIGSTOP)
                    case "dropped":
                        system.lab.control.refuse(front="md")
                        system.lab.control.drop("md")
                    case _:
                        system.lab.control.mute(front="md")
                await eventually(lambda: known, "the loss", within=6)
                first = await eventually(lambda: feed.first(B, known[0] - 0.05), "ticks of the other", within=3)
                measured(f"preferred line {loss} → loss known", known[0] - lost)
                measured(f"preferred line {loss}: loss known → a tick of the other", max(0.0, first - known[0]))
                assert first - known[0] < KNOWN
                assert known[0] - lost < KNOWN or loss == "mute" or not span.soaking  # mute: `stale_after` and a look
                assert listening.gateways == (B,)
                if loss == "mute":
                    break  # the worker ends itself; a new one is a matter of the supervisor
                if loss == "frozen":
                    worker.send(signal.SIGCONT)
                else:
                    system.lab.control.refuse(on=False, front="md")
                mended = time.monotonic()
                await eventually(lambda: listening.gateways == (A,), "the return", within=20)
                measured(f"preferred line mended after it was {loss} → returned to", time.monotonic() - mended)
                count = len(feed.seen)
                await eventually(lambda: len(feed.seen) > count + 300, "the feed goes on")  # noqa: B023
                assert bus.stats.failovers == 2 * number
        feed.check()
        failovers = [one for one in feed.seen if isinstance(one, Gap) and one.cause is GapCause.FAILOVER]
        assert [gap.gateway for gap in failovers if gap.symbol == symbol(system.kind.one)] == [B, A, B, A, B]
        assert bus.stats.standby > 1000
