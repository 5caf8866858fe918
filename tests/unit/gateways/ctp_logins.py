"""Both sessions' logins of one line, under clocks that move when told."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from marketbus.domain.session import Channel, SessionState
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.account import Account, Refused
from marketbus.gateways.ctp_family.kept import Kept
from marketbus.gateways.ctp_family.login import Login, Patience
from marketbus.gateways.ctp_family.setting import parse
from marketbus.ports.gateway import SessionChanged
from tests.unit.application.fakes import FakeClock
from tests.unit.gateways.sink import FakeSink

SETTING: dict[str, Any] = {
    "用户名": "u",
    "密码": "p",
    "经纪商代码": "9999",
    "交易服务器": "127.0.0.1:1",
    "行情服务器": "127.0.0.1:2",
}
MD, TD = Channel.MD, Channel.TD
TIMEOUT, RETRY = 4.0, 10.0


class Logins:
    """`sent` are the logins that went out; timers fire in `wait`. `unattended`: see Login, always 0 unless set."""

    def __init__(self, folder: Path, day: int = 20261120, **setting: Any) -> None:
        self.unattended: Callable[[], float] = lambda: 0.0
        self.sink = FakeSink()
        self.clock = FakeClock()
        self.sent: list[Channel] = []
        self.connected = dict.fromkeys(Channel, False)
        self._timers: list[tuple[float, Channel]] = []
        kept = Kept(folder / "refused.json", Refused, self.sink)
        self.account = Account(parse(CTP, "ctp", SETTING | setting), kept, lambda: day)
        patience = Patience(timeout=TIMEOUT, retry=RETRY)
        self.of = {
            channel: Login(
                channel,
                self.sink,
                self.account,
                self._later,
                patience,
                self.clock,
                Random(1),
                lambda: self.unattended(),
            )
            for channel in Channel
        }
        self.of[MD].other, self.of[TD].other = self.of[TD], self.of[MD]

    def _later(self, channel: Channel, seconds: float) -> None:
        self._timers.append((self.clock.seconds + seconds, channel))

    def front(self, *channels: Channel, there: bool = True) -> None:
        """The front comes or goes."""
        for channel in channels:
            self.connected[channel] = there
            if there:
                self._begin(channel, again=False)
            else:
                self.of[channel].front_lost()

    def _begin(self, channel: Channel, *, again: bool) -> None:
        if self.of[channel].begin(connected=self.connected[channel], again=again):
            self.sent.append(channel)

    def wait(self, seconds: float = 0.0) -> None:
        """Time passes, timers fire, and logins that are overdue are seen to be."""
        end = self.clock.seconds + seconds
        while True:
            due = min((at for at, _ in self._timers if at <= end), default=None)
            if due is None:
                break
            self.clock.seconds = max(self.clock.seconds, due)
            now = [timer for timer in self._timers if timer[0] <= due]
            self._timers = [timer for timer in self._timers if timer[0] > due]
            for _, channel in now:
                self._begin(channel, again=True)
        self.clock.seconds = end
        for login in self.of.values():
            if login.overdue:
                login.timed_out()

    def refuse(self, channel: Channel, error: int) -> SessionChanged:
        """The venue's answer; gives what became of the session."""
        self.of[channel].refused(f"{channel}.login_failed", {"ErrorID": error, "ErrorMsg": "CTP:不行"})
        return [change for change in self.sink.of(SessionChanged) if change.channel is channel][-1]

    def states(self, channel: Channel) -> Sequence[SessionState]:
        """What the session went through."""
        return [change.state for change in self.sink.of(SessionChanged) if change.channel is channel]
