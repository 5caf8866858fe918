"""A sink that remembers."""

from typing import TypeVar

from marketbus.domain.tick import Tick
from marketbus.ports.gateway import GatewayEvent

E = TypeVar("E", bound=GatewayEvent)


class FakeSink:
    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.rejects: list[tuple[str, str]] = []
        self.events: list[GatewayEvent] = []

    def tick(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def reject(self, cause: str, symbol: str, detail: str) -> None:
        self.rejects.append((cause, symbol))

    def event(self, event: GatewayEvent) -> None:
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]
