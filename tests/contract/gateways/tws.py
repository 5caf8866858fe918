"""Interactive Brokers on the simulated TWS."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from marketbus.lab.tws import TwsLab
from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.frame import Fields
from marketbus.lab.tws.messages import notices
from marketbus.lab.tws.session import Session
from marketbus.ports.gateway import Capability
from tests.contract.registration import Listed, Refusal, Registration, Sent
from tests.system.tws import OPENING, Tws

ACCOUNT = "DU1234567"
NUMBERS = {"AAPL-USD-STK.SMART": 265598, "ES-20261218-USD-FUT.CME": 600024324}
"""Our names, and TWS's."""


class TwsVenue:
    """TWS in a thread of this process. Each worker is a client of its own."""

    environment: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.tws = Tws(rate=200.0)
        self._clients = count(1)
        self._tried = 0
        self._requests: list[str] = []
        self._refusal: Refusal | None = None
        self.tws.call(self._watch)

    def _watch(self, lab: TwsLab) -> None:
        join, greet = lab.joined, lab.desk.greet
        name, ask = lab._handlers[1]  # pyright: ignore[reportPrivateUsage]

        def joined(session: Session) -> None:
            self._tried += 1
            if self._refusal is Refusal.NOT_OPEN:
                session.error(-1, 326, "Unable to connect as the client id is already in use.")
                session.close()
            else:
                join(session)

        def greeted(session: Session) -> None:
            if self._refusal is Refusal.WRONG_PASSWORD:  # somebody else's TWS: it has other accounts
                session.send(notices.managed_accounts(("U7654321",)))
                session.send(notices.next_valid_id(1))
            else:
                greet(session)

        def asked(session: Session, fields: Fields) -> None:
            before = set(lab.market._watches)  # pyright: ignore[reportPrivateUsage]
            ask(session, fields)
            for key, watch in lab.market._watches.items():  # pyright: ignore[reportPrivateUsage]
                if key not in before and watch is not None:
                    self._requests.append(_name(watch.contract).partition(".")[0])

        lab.joined, lab.desk.greet = joined, greeted
        lab._handlers[1] = (name, asked)  # pyright: ignore[reportPrivateUsage]

    def section(self, *, trading_login: bool = True) -> dict[str, Any]:
        """One socket, one client id; TWS has done the login."""
        setting = {"port": self.tws.port, "client_id": next(self._clients), "account": ACCOUNT}
        return {"kind": "ib", "sdk": "lab", "login_retry": 0.2, "connect_timeout": 2.0, "setting": setting}

    def sent(self, vt_symbol: str) -> Sent:
        """From the feed."""
        tick = self.tws.call(lambda lab: lab.feed.latest(lab.terminal.contract(NUMBERS[vt_symbol])))
        moment = OPENING.fromtimestamp(tick.now_ns / 1e9, OPENING.tzinfo)
        return Sent(moment, int(f"{OPENING:%Y%m%d}"), tick.last, tick.bids[0], tick.asks[0], float(tick.volume))

    def listed(self, vt_symbol: str) -> Listed:
        """From the catalogue."""
        contract = self.tws.call(lambda lab: lab.terminal.contract(NUMBERS[vt_symbol]))
        return Listed(contract.long_name, float(contract.multiplier or 1), float(contract.tick))

    def subscribed(self) -> set[str]:
        """Lines that live."""
        return self.tws.call(lambda lab: {_name(watch.contract) for _, watch in _lines(lab)})

    def subscribe_requests(self) -> list[str]:
        """Those that got a line."""
        return list(self._requests)

    def sessions(self) -> int:
        """Clients that TWS has taken."""
        return self.tws.call(lambda lab: len(lab.clients))

    def logins_tried(self) -> int:
        """Clients that said who they are."""
        return self._tried

    def pause(self) -> None:
        """By the control port."""
        self.tws.control.pause()

    def resume(self) -> None:
        """By the control port."""
        self.tws.control.resume()

    def burst(self, ticks: int) -> None:
        """By the control port."""
        self.tws.control.burst(ticks)

    def malformed(self, vt_symbol: str) -> None:
        """A price that is no number."""
        lines = self.tws.call(_lines)
        request = next(number for number, watch in lines if _name(watch.contract) == vt_symbol)
        self.tws.control.raw(["1", "6", str(request), "1", "rubbish", "1", "0"])

    def drop(self) -> None:
        """Every client."""
        self.tws.control.drop()

    def refuse_logins(self, why: Refusal | None) -> None:
        """TWS knows no passwords: it is another user's, or another program has our client id."""
        self._refusal = why

    def stop(self) -> None:
        """TWS."""
        self.tws.stop()


def _lines(lab: TwsLab) -> list[tuple[int, Any]]:
    watches = lab.market._watches  # pyright: ignore[reportPrivateUsage]
    return [(number, watch) for (_, family, number), watch in watches.items() if family == "data" and watch is not None]


def _name(contract: Contract) -> str:
    return next((name for name, number in NUMBERS.items() if number == contract.con_id), contract.local_symbol)


IB = Registration(
    name="ib",
    kind="ib",
    capabilities=frozenset(
        {
            Capability.MARKET_DATA,
            Capability.CONTRACTS,
            Capability.LISTS_ON_REQUEST,
            Capability.UNSUBSCRIBE,
            Capability.MARKET_DATA_ONLY,
            Capability.SESSIONS,
            Capability.HISTORY,
        }
    ),
    simulated=True,
    symbols=("AAPL-USD-STK.SMART", "ES-20261218-USD-FUT.CME"),
    stranger="ZZZZ-USD-STK.SMART",
    start=TwsVenue,
)
