"""What the parts of one bus connection share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from marketbus.client.calls import Calls
from marketbus.client.directory import Directory
from marketbus.client.gap import Gap
from marketbus.client.link import Link
from marketbus.client.options import Options
from marketbus.client.resolver import Resolver
from marketbus.client.stats import Stats, Throttle

GapHandler = Callable[[Gap], object]


@dataclass
class Hub:
    """The connection, the verbs, who is there, and the counters."""

    options: Options
    link: Link
    calls: Calls
    directory: Directory
    resolver: Resolver
    stats: Stats
    throttle: Throttle
    gap_handlers: list[GapHandler] = field(default_factory=list[GapHandler])

    @classmethod
    def of(cls, options: Options) -> "Hub":
        """Wire the parts; nothing is opened."""
        stats, throttle = Stats(), Throttle()
        link = Link(options, stats, throttle)
        calls = Calls(link, options.principal)
        directory = Directory(link, calls, stats, throttle)
        return cls(options, link, calls, directory, Resolver(directory, calls, options.preferred), stats, throttle)

    def tell(self, gap: Gap, handlers: list[GapHandler]) -> None:
        """Count a gap and tell its handlers; one that raises is counted and logged."""
        self.stats.gap(gap)
        for handler in (*handlers, *self.gap_handlers):
            try:
                handler(gap)
            except Exception as error:  # noqa: BLE001 (the user's code may raise anything; the feed goes on)
                self.handler_failed(error)

    def handler_failed(self, error: Exception) -> None:
        """A user's handler raised."""
        self.stats.handler_errors += 1
        self.throttle.warning("handler", f"a handler raised {type(error).__name__}; the feed goes on", error=error)

    def bad_payload(self, subject: str, reason: object) -> None:
        """A message is not what its subject promises."""
        self.stats.bad_payloads += 1
        self.throttle.warning("bad_payload", f"{subject[:100]}: {reason}")
