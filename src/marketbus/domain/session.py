"""A session with a venue: market data and trading each have one, and each lives its own life."""

from enum import StrEnum

import msgspec


class Channel(StrEnum):
    """Which of a gateway's two sessions."""

    MD = "md"
    TD = "td"


class SessionState(StrEnum):
    """Where a session stands."""

    DISCONNECTED = "DISCONNECTED"
    CONNECTING = "CONNECTING"
    AUTHENTICATING = "AUTHENTICATING"
    SYNCING = "SYNCING"
    READY = "READY"
    STALE = "STALE"
    """Connected, but mute when it should speak."""
    WAITING = "WAITING"
    """The counter is not open yet; tried again by itself."""
    FAILED = "FAILED"
    """Latched: trying again would lock the account. An operator must act."""
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "SessionState":
        return cls.UNKNOWN


_NEXT: dict[SessionState, frozenset[SessionState]] = {
    SessionState.DISCONNECTED: frozenset(
        {SessionState.CONNECTING, SessionState.AUTHENTICATING, SessionState.FAILED, SessionState.WAITING}
    ),
    SessionState.CONNECTING: frozenset(
        {SessionState.DISCONNECTED, SessionState.AUTHENTICATING, SessionState.SYNCING, SessionState.READY,
         SessionState.FAILED, SessionState.WAITING}
    ),
    SessionState.AUTHENTICATING: frozenset(
        {SessionState.DISCONNECTED, SessionState.CONNECTING, SessionState.SYNCING, SessionState.READY,
         SessionState.FAILED, SessionState.WAITING}
    ),
    SessionState.SYNCING: frozenset(
        {SessionState.DISCONNECTED, SessionState.CONNECTING, SessionState.READY, SessionState.FAILED,
         SessionState.WAITING}
    ),
    SessionState.READY: frozenset(
        {SessionState.DISCONNECTED, SessionState.CONNECTING, SessionState.SYNCING, SessionState.STALE,
         SessionState.FAILED}
    ),
    SessionState.STALE: frozenset({SessionState.READY, SessionState.DISCONNECTED, SessionState.CONNECTING}),
    SessionState.WAITING: frozenset(
        {SessionState.CONNECTING, SessionState.AUTHENTICATING, SessionState.DISCONNECTED, SessionState.FAILED,
         SessionState.READY, SessionState.SYNCING}
    ),
    SessionState.FAILED: frozenset(),
    SessionState.UNKNOWN: frozenset(),
}  # fmt: skip


def may_follow(now: SessionState, then: SessionState) -> bool:
    """Whether a session in state `now` may enter `then`; FAILED is left only by a fresh process."""
    return then in _NEXT[now]


class Session(msgspec.Struct, frozen=True):
    """The state of one session, and the venue's words when it is not well."""

    state: SessionState = SessionState.DISCONNECTED
    since: int = 0
    """ns UTC"""
    front: str = ""
    code: int | None = None
    """The venue's error code."""
    message: str = ""
    trading_day: int = 0
    """yyyymmdd, as the venue said at login."""
    logins: int = 0
    """Successful logins in this incarnation."""
