"""The two sessions of a gateway, each a state machine fed by what the venue says."""

import msgspec

from marketbus.domain.session import Channel, Session, SessionState, may_follow
from marketbus.domain.status import Level
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import SessionChanged
from marketbus.ports.log import Log


class Sessions:
    """Applies session events; one that cannot follow the present state is logged and not applied."""

    def __init__(self, clock: Clock, log: Log) -> None:
        self._clock = clock
        self._log = log
        self._now: dict[Channel, Session] = {channel: Session(since=clock.now()) for channel in Channel}

    def of(self, channel: Channel) -> Session:
        """The session of a channel."""
        return self._now[channel]

    def apply(self, event: SessionChanged) -> bool:
        """Enter the event's state; False when nothing changed."""
        before = self._now[event.channel]
        entered = before.state is not event.state
        if entered and not may_follow(before.state, event.state):
            self._log.log(
                Level.WARNING,
                "gateway.illegal_transition",
                channel=event.channel,
                now=before.state,
                then=event.state,
            )
            return False
        after = msgspec.structs.replace(
            before,
            state=event.state,
            since=self._clock.now() if entered else before.since,
            front=event.front or before.front,
            code=event.code,
            message=_words(event),
            trading_day=event.trading_day or before.trading_day,
            logins=before.logins + (entered and event.state is SessionState.READY),
        )
        self._now[event.channel] = after
        return after != before


def _words(event: SessionChanged) -> str:
    """In both languages where there is a choice: who reads a status may be anyone."""
    return "; ".join(str(part) for part in (event.message, event.hint) if part)
