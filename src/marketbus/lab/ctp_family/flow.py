"""The private flow: everything that happened to an account today, numbered, for each session as it asked for it."""

from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.faults import Courier, Script
from marketbus.lab.ctp_family.frame import Topic
from marketbus.lab.ctp_family.front import Session

RESTART, RESUME, QUICK = 0, 1, 2
"""THOST_TE_RESUME_TYPE: from the day's beginning, from where it was left, from now on."""


class PrivateFlow:
    """One account's."""

    def __init__(self, user: str, script: Script) -> None:
        self._courier = Courier(user, script)
        self._frames: list[bytes] = []
        self._sessions: list[Session] = []

    def join(self, session: Session, topic: Topic | None, trading_day: str) -> None:
        """A session logged in: sends what it wants of what was, and all that will be if it subscribed at all."""
        if topic is None or session in self._sessions:
            return
        self._sessions.append(session)
        if topic.resume == RESTART:
            missed = self._frames
        elif topic.resume == RESUME:
            missed = self._frames[topic.sequence if topic.trading_day == trading_day else 0 :]
        else:
            missed = []
        session.send(b"".join(missed))

    def leave(self, session: Session) -> None:
        """It is gone."""
        if session in self._sessions:
            self._sessions.remove(session)

    def publish(self, step: str, number: int, data: bytes, error: tuple[int, str] | None = None) -> None:
        """Keeps a callback and sends it to every session of the account."""
        whole = frame.encode(number, 0, data, error, last=True, sequence=len(self._frames) + 1)
        self._frames.append(whole)
        self._courier.post(step, whole, self._sessions)

    def answer(self, step: str, data: bytes, session: Session) -> None:
        """A callback for one session only, in line with the others; it is not kept."""
        self._courier.post(step, data, (session,))

    def clear(self) -> None:
        """A new trading day."""
        self._frames.clear()
