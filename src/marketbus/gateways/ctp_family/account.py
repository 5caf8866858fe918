"""What both sessions of a line must know of each other's logins, since they use one user and one password.

Counters count failed logins per account, whichever session they came from, and lock it after a few. So one login is
judged before the other session tries, what is refused for good is refused for both, and a fresh process remembers it.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from threading import RLock

import msgspec

from marketbus.domain.session import Channel
from marketbus.gateways.ctp_family.errors import Verdict
from marketbus.gateways.ctp_family.kept import Kept
from marketbus.gateways.ctp_family.setting import Setting

MAX_ATTEMPTS = 2
"""Refusals of unknown meaning that a process collects, both sessions together, before it gives up."""
COURTESY = 3.0
"""Seconds that a session's login waits for the answer to the other's."""


class Refusal(msgspec.Struct, frozen=True):
    """A login that was refused for good."""

    code: int
    words: str
    """The venue's."""
    at: int
    """ns UTC"""


class Refused(msgspec.Struct, frozen=True):
    """What is kept: the refusals of one day with one setting. The setting itself is not, nor a plain hash of it."""

    day: int
    """yyyymmdd, Shanghai"""
    salt: str
    setting: str
    """scrypt of the whole setting, hexadecimal."""
    refusals: Mapping[Channel, Refusal]


def _digest(setting: Setting, salt: str) -> str:
    # scrypt: the file may be read by whoever reads the disk, and a password is quickly guessed from a fast hash
    return hashlib.scrypt(msgspec.json.encode(setting), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32).hex()


class Account:
    """Called in the SDK's threads, in the lanes and on the loop; `lock` guards it and the logins that share it."""

    def __init__(self, setting: Setting, kept: Kept[Refused], today: Callable[[], int]) -> None:
        """`today` gives yyyymmdd in Shanghai, by the real clock."""
        self.lock = RLock()
        self.refused: dict[Channel, Refusal] = {}
        """Sessions that are not to log in any more."""
        self._setting = setting
        self._kept = kept
        self._today = today
        self._alone = not setting.td_fronts
        self._sent: dict[Channel, float] = {}
        self._judged: set[Channel] = set()
        self._accepted: set[Channel] = set()
        self._doubtful = Counter[Channel]()
        self._asked: dict[Channel, float] = {}
        self._restore()

    def wait(self, channel: Channel, now: float) -> float:
        """Seconds until a login of `channel` may be sent; 0: now. `now` is monotonic."""
        if self._alone:
            return 0.0
        other = _other(channel)
        asked = self._asked.setdefault(channel, now)
        if other in self._sent:
            return max(0.0, self._sent[other] + COURTESY - now)
        if channel is Channel.TD and other not in self._judged:
            return max(0.0, asked + COURTESY - now)  # market data first: it has more to lose by waiting
        return 0.0

    def sent(self, channel: Channel, now: float) -> None:
        """A login is on its way."""
        self._sent[channel] = now

    def unanswered(self, channel: Channel) -> None:
        """Its answer will not come."""
        self._sent.pop(channel, None)

    def accepted(self, channel: Channel) -> None:
        """The venue took it."""
        self._sent.pop(channel, None)
        self._judged.add(channel)
        self._accepted.add(channel)
        self._doubtful.pop(channel, None)

    def judged(self, channel: Channel, verdict: Verdict, refusal: Refusal) -> bool:
        """The venue refused it; whether that is for good. `refused` then says for whom."""
        self._sent.pop(channel, None)
        self._judged.add(channel)
        if channel in self.refused:
            return True
        other = _other(channel)
        both = other not in self._accepted
        if verdict is Verdict.WAIT:
            return False
        if verdict is Verdict.RETRY:
            self._doubtful[channel] += 1
            if self._doubtful.total() < MAX_ATTEMPTS:
                return False
            both = both and other in self._doubtful
        elif verdict is Verdict.FATAL:
            both = False
        self.refused[channel] = refusal
        if both and not self._alone:
            self.refused.setdefault(other, refusal)
        self._remember()
        return True

    def pardon(self) -> None:
        """The next process may try again."""
        self._kept.forget()

    def _restore(self) -> None:
        kept = self._kept.read()
        if kept is not None and kept.day == self._today() and _digest(self._setting, kept.salt) == kept.setting:
            self.refused.update(kept.refusals)

    def _remember(self) -> None:
        salt = secrets.token_hex(16)
        self._kept.write(Refused(self._today(), salt, _digest(self._setting, salt), dict(self.refused)))


def _other(channel: Channel) -> Channel:
    return Channel.TD if channel is Channel.MD else Channel.MD
