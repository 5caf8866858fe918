"""The control port's faults of whole parts: the line to IB, data farms, another session, any notice."""

from marketbus.lab.errors import LabError
from marketbus.lab.tws import frame
from marketbus.lab.tws.market import FARM, MarketDesk
from marketbus.lab.tws.messages.message import Message
from marketbus.lab.tws.orders import OrderDesk
from marketbus.lab.tws.session import Session

_HISTORY_FARM = "ushmds"
_LOST = "Connectivity between IBKR and Trader Workstation has been lost."
_DATA_LOST = "Connectivity between IBKR and Trader Workstation has been restored - data lost."
_RESTORED = (
    "Connectivity between IBKR and Trader Workstation has been restored - data maintained. "
    f"All data farms are connected: {FARM}; {_HISTORY_FARM}; secdefil."
)


class Outages:
    """Codes as TWS sends them. Source: TWS API reference, "Message Codes"."""

    def __init__(self, clients: dict[int, Session], market: MarketDesk, orders: OrderDesk) -> None:
        self._clients = clients
        self._market = market
        self._orders = orders
        self.history_broken = False

    def greet(self, session: Session) -> None:
        """How things stand, to a new client."""
        if self._market.offline:
            session.error(-1, 1100, _LOST)
            return
        session.error(-1, *self._farm_notice())
        session.error(-1, *self._history_notice())
        session.error(-1, 2158, "Sec-def data farm connection is OK:secdefil")

    def connectivity(self, state: str) -> None:
        """`lost` (1100); `restored` (1102), `data_lost` (1101): streams are dead until they are asked for again."""
        if state == "lost":
            self._market.offline = True
            self._orders.connect(on=False)
            self.notice(1100, _LOST)
        elif state in {"restored", "data_lost"}:
            if state == "data_lost":
                self._market.lose()
            self._market.offline = False
            self.notice(*((1102, _RESTORED) if state == "restored" else (1101, _DATA_LOST)))
            self._orders.connect(on=True)
        else:
            raise LabError(f"connectivity {state!r}: lost, restored or data_lost")

    def farm(self, *, on: bool, keep: bool = False) -> None:
        """The market data farm breaks (2103) or is back (2104); streams are dead after it, unless they are kept."""
        self._market.farm_broken = not on
        if not on and not keep:
            self._market.lose()
        self.notice(*self._farm_notice())

    def history_farm(self, *, on: bool) -> None:
        """The historical data farm breaks (2105) or is back (2106)."""
        self.history_broken = not on
        self.notice(*self._history_notice())

    def competing(self, *, on: bool) -> None:
        """Another session of the same user has the live data (10197), or has left."""
        self._market.compete(on=on)

    def notice(self, code: int, words: str, request: int = -1, client: int | None = None) -> int:
        """Any error, warning or notice to one client or all; returns how many got it."""
        chosen = self._chosen(client)
        for session in chosen:
            session.error(request, code, words)
        return len(chosen)

    def raw(self, fields: list[str], client: int | None = None) -> int:
        """A message of any fields to one client or all; returns how many got it."""
        chosen = self._chosen(client)
        for session in chosen:
            session.send(Message("raw", frame.encode(*fields)))
        return len(chosen)

    def _chosen(self, client: int | None) -> list[Session]:
        return [session for number, session in self._clients.items() if client in {None, number}]

    def _farm_notice(self) -> tuple[int, str]:
        broken = self._market.farm_broken
        state = "broken" if broken else "OK"
        return 2103 if broken else 2104, f"Market data farm connection is {state}:{FARM}"

    def _history_notice(self) -> tuple[int, str]:
        state = "broken" if self.history_broken else "OK"
        return 2105 if self.history_broken else 2106, f"HMDS data farm connection is {state}:{_HISTORY_FARM}"
