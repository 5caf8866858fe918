"""What a vnpy gateway may expect of an event engine, without vnpy's queue and threads."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from vnpy.event import EVENT_TIMER, Event

Handler = Callable[[Event], None]


class TimerOnlyEngine:
    """Takes registrations and runs the timer's handlers when told; events that are put go to their handlers at once.

    Ticks never come here: the hosted gateway's `on_tick` is overridden.
    """

    def __init__(self) -> None:
        self._handlers: defaultdict[str, list[Handler]] = defaultdict(list)

    def register(self, type: str, handler: Handler) -> None:  # noqa: A002 (vnpy's name)
        """As vnpy's EventEngine."""
        if handler not in self._handlers[type]:
            self._handlers[type].append(handler)

    def unregister(self, type: str, handler: Handler) -> None:  # noqa: A002 (vnpy's name)
        """As vnpy's EventEngine."""
        if handler in self._handlers[type]:
            self._handlers[type].remove(handler)

    def put(self, event: Event) -> None:
        """Run the event's handlers in the caller's thread."""
        for handler in tuple(self._handlers.get(event.type, ())):
            handler(event)

    @property
    def wants_timer(self) -> bool:
        """Whether anybody registered for the timer."""
        return bool(self._handlers.get(EVENT_TIMER))

    def timer(self) -> None:
        """One second has passed."""
        self.put(Event(EVENT_TIMER))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a hosted gateway asked its event engine for {name!r}, which marketbus does not offer")
