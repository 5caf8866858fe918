"""What a client saw: every tick and gap, in order, with the time it came."""

import time
from collections import defaultdict

import marketbus
from marketbus import Gap, Tick, TickFlag


class Recorder:
    """Give `tick` to `bus.on_ticks`, `gap` to `on_gap`."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.gaps: list[Gap] = []
        self.times: list[float] = []

    def tick(self, tick: Tick) -> None:
        """Takes one."""
        self.ticks.append(tick)
        self.times.append(time.monotonic())

    def gap(self, gap: Gap) -> None:
        """Takes one."""
        self.gaps.append(gap)

    async def follow(
        self, bus: marketbus.Bus, *patterns: str, ttl: float = 30.0, gateway: str | None = None
    ) -> "marketbus.client.ticks.Listening":
        """Listens; the last values have come when it returns."""
        return await bus.on_ticks(patterns, self.tick, on_gap=self.gap, ttl=ttl, gateway=gateway)

    @property
    def live(self) -> list[Tick]:
        """Ticks that are no snapshots."""
        return [tick for tick in self.ticks if not tick.flags & TickFlag.SNAPSHOT]

    def volumes(self) -> dict[str, list[int]]:
        """Symbol → volumes in the order they came: in oracle mode the numbers of the venue's own ticks."""
        found: dict[str, list[int]] = defaultdict(list)
        for tick in self.ticks:
            found[tick.symbol].append(int(tick.volume))
        return dict(found)

    def first_after(self, moment: float) -> float | None:
        """When the first live tick after a moment came (monotonic seconds)."""
        for at, tick in zip(self.times, self.ticks, strict=False):
            if at > moment and not tick.flags & TickFlag.SNAPSHOT:
                return at
        return None
