"""One account of the simulated TWS, traded by a client of its own."""

from collections.abc import Set
from random import Random
from typing import Any

from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.lab.tws import TwsLab
from tests.faults.venue_account import Fill, Held, VenueOrder
from tests.system import System
from tests.system.tws import NUMBERS

STATES = {
    "ApiPending": "SENT", "PendingSubmit": "SENT", "PreSubmitted": "ACCEPTED", "Filled": "FILLED",
    "Cancelled": "CANCELLED", "Inactive": "REJECTED",
}  # fmt: skip
WORDS = ("openOrder:PreSubmitted", "orderStatus:PreSubmitted", "openOrder:Submitted", "orderStatus:Submitted")
"""TWS's on an order that comes to stand: each once, so that the answers to queries are not among them."""
SLOW = 0.15


def account(number: int) -> str:
    """Its name at IB."""
    return f"DU{number:07}"


class TwsAccount:
    """Implements VenueAccount. `number`: of the account and of the client."""

    warm = ("ib_async",)

    def __init__(self, system: System, number: int, vt_symbol: str) -> None:
        self._system, self._tws, self._client = system, system.tws, number
        self._account, self._vt_symbol, self._con_id = account(number), vt_symbol, NUMBERS[vt_symbol]
        contract, depth = self._tws.call(self._look)
        self.lower, self.upper, self.tick = depth.lower, depth.upper, contract.tick

    def _look(self, lab: TwsLab) -> tuple[Any, Any]:
        contract = lab.terminal.contract(self._con_id)
        return contract, lab.broker._venue.depth(contract)  # pyright: ignore[reportPrivateUsage]

    def section(self, **keys: Any) -> dict[str, Any]:
        """See VenueAccount."""
        setting = {"client_id": self._client, "account": self._account}
        return self._system.gateway(self._vt_symbol, trading=True, setting=setting, **keys)

    def orders(self) -> list[VenueOrder]:
        """See VenueAccount."""
        return [
            VenueOrder(
                each["action"].lower(),
                float(each["limit"] or each["aux"]),
                int(each["quantity"]),
                int(each["filled"]),
                _state(each),
            )
            for each in self._books()["orders"]
        ]

    def fills(self) -> Set[Fill]:
        """The last part of an execId counts corrections of one fill."""
        return {
            (each["exec_id"].rpartition(".")[0], str(each["perm_id"]), int(each["size"]))
            for each in self._books()["executions"]
        }

    def held(self) -> Held:
        """Net lots."""
        net = sum(int(size) for size in self._books()["positions"].values())
        return {"net": (net,)} if net else {}

    def held_by(self, positions: list[Position]) -> Held:
        """See VenueAccount."""
        return {each.direction.lower(): (int(each.volume),) for each in positions if each.volume}

    def sum_of(self, trades: list[Trade]) -> dict[str, int]:
        """See VenueAccount."""
        net = sum(int(each.volume) * (1 if each.direction == "LONG" else -1) for each in trades)
        return {"net": net} if net else {}

    def closable(self) -> int:
        """See VenueAccount."""
        (held,) = self.held().get("net", (0,))
        return held - sum(each.volume - each.traded for each in self.orders() if each.live and each.side == "sell")

    def closing(self) -> str:
        """See VenueAccount."""
        return "CLOSE"

    def strike(self, side: str, volume: int, price: float) -> int:
        """See VenueAccount."""
        return int(self._tws.call(lambda lab: lab.terminal.strike(self._con_id, side, volume, price)))

    def late_orders(self, ms: float) -> None:
        """See VenueAccount."""
        self._tws.control.fault("placeOrder", "delay", ms=ms, client=self._client)

    def late_cancels(self, ms: float) -> None:
        """See VenueAccount."""
        self._tws.control.fault("cancelOrder", "delay", ms=ms, client=self._client)

    def unheard(self, action: str) -> None:
        """See VenueAccount."""
        for step in WORDS:
            self._tws.control.fault(step, action, ms=300, client=self._client)

    def slow_books(self) -> float:
        """Their ends come late."""
        for step in ("openOrderEnd", "completedOrdersEnd", "execDetailsEnd", "accountDownloadEnd"):
            self._tws.control.fault(step, "delay", count=0, ms=SLOW * 1000, client=self._client)
        return 4 * SLOW

    def muddle(self, chance: Random) -> None:
        """See VenueAccount."""
        step = chance.choice(("execDetails", "commissionReport", "orderStatus*", "openOrder*"))
        for action in chance.sample(("duplicate", "reorder", "delay"), 2):
            count, skip = chance.randint(1, 4), chance.randint(0, 2)
            self._tws.control.fault(step, action, count=count, skip=skip, ms=150, client=self._client)

    def stick(self) -> bool:
        """Its process dies: a call of ib_async writes to a buffer, and none waits for anything."""
        self._tws.control.fault("placeOrder", "kill", client=self._client)
        return False

    def break_line(self) -> None:
        """See VenueAccount."""
        self._tws.control.drop(self._client)

    def heal(self) -> None:
        """See VenueAccount."""

        def clear(lab: TwsLab) -> None:
            lab.script.faults = [fault for fault in lab.script.faults if fault.client != self._client]

        self._tws.call(clear)

    def _books(self) -> dict[str, Any]:
        return self._tws.call(lambda lab: lab.terminal.books(self._account))


def _state(order: dict[str, Any]) -> str:
    return STATES.get(order["status"], "PARTIAL" if int(order["filled"]) else "ACCEPTED")
