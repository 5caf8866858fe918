"""What a counter's market data and trading session have in common: a front, a login, and their words in the log."""

from collections.abc import Callable, Mapping
from typing import Any

from marketbus.domain.message import reason as because
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.status import Level
from marketbus.gateways.ctp_family.errors import why_disconnected
from marketbus.gateways.ctp_family.login import Login
from marketbus.gateways.ctp_family.setting import Setting
from marketbus.ports.gateway import GatewaySink, Logged, SessionChanged


class Line:
    """One session's front and login. Called in the SDK's threads and in the session's lane."""

    def __init__(
        self,
        channel: Channel,
        setting: Setting,
        sink: GatewaySink,
        login: Login,
        on_login: Callable[[], None] = lambda: None,
    ) -> None:
        self.sink = sink
        self._on_login = on_login
        self.connected = False
        """Whether the front is there."""
        self._channel = channel
        self._setting = setting
        self._login = login

    @property
    def given_up(self) -> bool:
        """Whether a refusal has latched."""
        return self._login.latched

    @property
    def logged_in_now(self) -> bool:
        """Whether the venue has taken us, and the front is still there."""
        return self._login.taken

    @property
    def login_overdue(self) -> bool:
        """Whether a login has waited for its answer for too long."""
        return self._login.overdue

    @property
    def silence(self) -> float:
        """Seconds without a word of the venue while it is its turn."""
        return self._login.silence

    def front_connected(self) -> None:
        """The front is there."""
        self.connected = True
        self.sink.event(Logged(Level.INFO, f"{self._channel}.connected"))

    def front_lost(self, reason: int) -> None:
        """The front is gone; the SDK reconnects by itself."""
        self.connected = False
        self._login.front_lost()
        words, hint = f"0x{reason:04X} ({reason})", why_disconnected(reason)
        fields = {"reason": because(words, hint)}
        self.sink.event(Logged(Level.WARNING, f"{self._channel}.disconnected", {**fields}))
        if not self.given_up:
            message = f"front lost, {words}"
            lost = SessionChanged(self._channel, SessionState.DISCONNECTED, code=reason, message=message, hint=hint)
            self.sink.event(lost)

    def begin_login(self, *, again: bool) -> bool:
        """Whether a login may be sent now. `again`: this is the retry that was due."""
        if not self._login.begin(connected=self.connected, again=again):
            return False
        self.enter(SessionState.AUTHENTICATING)
        return True

    def user(self) -> dict[str, str]:
        """The fields of a login request."""
        setting = self._setting
        return {"UserID": setting.user_id, "Password": setting.password, "BrokerID": setting.broker_id}

    def login_timed_out(self) -> None:
        """A login has waited for its answer for too long."""
        self._login.timed_out()

    def authenticated(self) -> None:
        """The first of two steps is done."""
        self._login.went_on()

    def logged_in(self, data: Mapping[str, Any]) -> int | None:
        """The venue took us; gives its trading day, yyyymmdd, or 0; None when it says so once more than needed."""
        if not self._login.succeeded():
            return None
        self._on_login()
        day = str(data.get("TradingDay", "")) if data else ""
        self.sink.event(Logged(Level.INFO, f"{self._channel}.login", {"trading_day": day}))
        return int(day) if day.isdigit() else 0

    def refused(self, step: str, error: Mapping[str, Any]) -> None:
        """The venue refused a step, `login` or `authenticate`."""
        self._login.refused(f"{self._channel}.{step}_failed", error)

    def error(self, error: Mapping[str, Any]) -> None:
        """An error of the venue that changes nothing."""
        fields = {"error": int(error["ErrorID"]), "words": str(error["ErrorMsg"])}
        self.sink.event(Logged(Level.ERROR, f"{self._channel}.error", {**fields}))

    def enter(self, state: SessionState, *, trading_day: int = 0) -> None:
        """The session is in another state."""
        self.sink.event(SessionChanged(self._channel, state, trading_day=trading_day))
