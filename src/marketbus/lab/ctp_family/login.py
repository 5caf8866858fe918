"""Who may log in, and what the counter tells them."""

from typing import Any

from marketbus.lab import hours
from marketbus.lab.clock import LabClock
from marketbus.lab.ctp_family.front import Session
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.ctp_family.options import LabOptions

LOCKED_USER = "locked"
"""A user whom every counter refuses with 75."""

FRONT_ID = 1


class Gatekeeper:
    """Login rules of both fronts; `reject` is an ErrorID for everybody while set; a counter not `open` answers 7."""

    def __init__(self, layout: Layout, options: LabOptions, clock: LabClock) -> None:
        self._layout = layout
        self._options = options
        self._clock = clock
        self.reject = 0
        self.open = True
        self.ignored: set[str] = set()
        """Requests that are read and never answered, by name."""
        self.logins = 0

    def authentication_error(self, asked: dict[str, Any]) -> int:
        """0 or the ErrorID that ReqAuthenticate earns."""
        wrong_code = self._options.auth_code not in {"", asked["AuthCode"]}
        return 63 if wrong_code or self._options.app_id not in {"", asked["AppID"]} else 0

    def login_error(self, session: Session, asked: dict[str, Any], *, trading: bool) -> int:
        """0 or the ErrorID that ReqUserLogin earns."""
        options = self._options
        if self.reject:
            return self.reject
        if not self.open:
            return 7
        if asked["UserID"] == LOCKED_USER:
            return 75
        if not asked["Password"] or options.password not in {"", asked["Password"]}:
            return 3
        if options.broker_id not in {"", asked["BrokerID"]}:
            return 3
        if trading and options.auth_code and not session.authenticated:
            return 63
        return 0

    def welcome(self, session: Session, asked: dict[str, Any]) -> dict[str, Any]:
        """The fields of a successful OnRspUserLogin; not every member has all of them."""
        self.logins += 1
        session.logged_in = True
        now = self._clock.now()
        time = f"{now:%H:%M:%S}"
        fields = {
            "TradingDay": f"{hours.trading_day(now):%Y%m%d}",
            "LoginTime": time,
            "BrokerID": asked["BrokerID"],
            "UserID": asked["UserID"],
            "SystemName": "marketbus-lab",
            "FrontID": FRONT_ID,
            "SessionID": session.number,
            "MaxOrderRef": "1",
            **dict.fromkeys(("SHFETime", "DCETime", "CZCETime", "FFEXTime", "INETime", "GFEXTime"), time),
            "SysVersion": "marketbus-lab",
        }
        return self._layout.fitting("CThostFtdcRspUserLoginField", fields)
