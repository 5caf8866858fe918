"""The kinds of the CTP family on the lab's counters."""

from collections.abc import Mapping
from typing import Any

from marketbus.lab.hours import trading_day
from marketbus.ports.gateway import Capability
from tests.contract.registration import Listed, Refusal, Registration, Sent
from tests.system import KINDS, Kind, Lab

ERROR_IDS = {Refusal.WRONG_PASSWORD: 3, Refusal.NOT_OPEN: 7, None: 0}


class CounterVenue:
    """The lab's counter."""

    environment: Mapping[str, str] = {}

    def __init__(self, kind: Kind = KINDS[0]) -> None:
        self._kind = kind
        self.lab = Lab(kind.dialect)
        self._logins = self.lab.count_logins()
        self._requests = self.lab.count_subscriptions()

    def section(self, *, trading_login: bool = True) -> dict[str, Any]:
        """Both fronts, or the market data front and no secret but the password, which this counter wants."""
        setting = self._kind.setting | {"行情服务器": self.lab.md}
        if trading_login:
            setting |= {"交易服务器": self.lab.td}
        else:
            del setting["产品名称"], setting["授权编码"]
        return {"kind": self._kind.name, "sdk": "lab", "login_retry": 0.2, "connect_timeout": 0.5, "setting": setting}

    def sent(self, vt_symbol: str) -> Sent:
        """From the market's own arrays."""
        raw, moment = self.lab.market(vt_symbol.partition(".")[0])
        bid, ask = float(raw.bid[0, 0]), float(raw.ask[0, 0])
        day = int(f"{trading_day(moment):%Y%m%d}")
        return Sent(moment, day, float(raw.last[0]), bid, ask, float(raw.volume[0]))

    def listed(self, vt_symbol: str) -> Listed:
        """From the market's list."""
        listing = self.lab.listings[vt_symbol.partition(".")[0]]
        return Listed(listing.name, listing.multiplier, listing.tick)

    def subscribed(self) -> set[str]:
        """By anybody."""
        return {f"{symbol}.{self.lab.listings[symbol].exchange}" for symbol in self.lab.subscribed}

    def subscribe_requests(self) -> list[str]:
        """Of all sessions."""
        return list(self._requests)

    def sessions(self) -> int:
        """Logged in."""
        return self.lab.control.status()["fronts"]["md"]["logged_in"]

    def logins_tried(self) -> int:
        """At the market data front."""
        return self._logins.count("md")

    def pause(self) -> None:
        """By the control port."""
        self.lab.control.pause()

    def resume(self) -> None:
        """By the control port."""
        self.lab.control.resume()

    def burst(self, ticks: int) -> None:
        """By the control port."""
        self.lab.control.burst(ticks)

    def malformed(self, vt_symbol: str) -> None:
        """A volume below zero: what both our translation and vnpy's let through to whoever looks at it."""
        self.lab.control.malformed(vt_symbol.partition(".")[0], {"Volume": -1})

    def drop(self) -> None:
        """The market data front only."""
        self.lab.control.drop("md")

    def refuse_logins(self, why: Refusal | None) -> None:
        """With CTP's error ids."""
        self.lab.control.reject_login(ERROR_IDS[why])

    def stop(self) -> None:
        """The counter."""
        self.lab.stop()


class PythonVenue(CounterVenue):
    """The same, before a gateway whose ticks go through Python though the accelerator is there."""

    def section(self, *, trading_login: bool = True) -> dict[str, Any]:
        """As CounterVenue."""
        return super().section(trading_login=trading_login) | {"native": False}


def _registration(kind: Kind, stranger: str) -> Registration:
    return Registration(
        name=kind.name,
        kind=kind.name,
        capabilities=frozenset(
            {
                Capability.MARKET_DATA,
                Capability.CONTRACTS,
                Capability.UNSUBSCRIBE,
                Capability.MARKET_DATA_ONLY,
                Capability.SESSIONS,
                Capability.ANSWERED_SUBSCRIPTIONS,
            }
        ),
        simulated=True,
        symbols=kind.instruments[:2],
        stranger=stranger,
        start=lambda: CounterVenue(kind),
    )


CTP, SOPT = (
    _registration(kind, stranger) for kind, stranger in zip(KINDS, ("zz9999.SHFE", "99999999.SSE"), strict=True)
)
CTP_IN_PYTHON = CTP._replace(name="ctp-python", start=PythonVenue)
