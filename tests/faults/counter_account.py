"""One account of a simulated counter of the CTP family."""

from collections.abc import Set
from decimal import Decimal
from random import Random
from typing import Any

from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.lab.ctp_family import frame
from tests.faults.venue_account import Fill, Held, VenueOrder
from tests.system import System, symbol

STATES = {"submitted": "SENT", "queueing": "ACCEPTED", "partial": "PARTIAL", "filled": "FILLED"}


class CounterAccount:
    """Implements VenueAccount. `number`: of the account."""

    def __init__(self, system: System, number: int, vt_symbol: str) -> None:
        self._system, self._lab = system, system.lab
        self._user = f"{number:06}"
        self._vt_symbol, self._symbol = vt_symbol, symbol(vt_symbol)
        depth = self._lab.call(lambda lab: lab.terminal._venue.depth(self._symbol))  # pyright: ignore[reportPrivateUsage]
        self.lower, self.upper = depth.lower, depth.upper
        self.tick = Decimal(str(self._lab.listings[self._symbol].tick))

    def section(self, **keys: Any) -> dict[str, Any]:
        """See VenueAccount."""
        return self._system.gateway(self._vt_symbol, trading=True, setting={"用户名": self._user}, **keys)

    def orders(self) -> list[VenueOrder]:
        """See VenueAccount."""
        return [
            VenueOrder(each["direction"], each["price"], each["volume"], each["traded"], _state(each))
            for each in self._books()["orders"]
        ]

    def fills(self) -> Set[Fill]:
        """See VenueAccount."""
        return {(each["trade_id"], each["order_sys_id"], each["volume"]) for each in self._books()["trades"]}

    def held(self) -> Held:
        """All lots, yesterday's, frozen ones."""
        held: Held = {}
        for each in self._books()["positions"]:
            volume, before, frozen = held.get(each["direction"], (0, 0, 0))
            held[each["direction"]] = volume + each["volume"], before + each["yesterday"], frozen + each["frozen"]
        return held

    def held_by(self, positions: list[Position]) -> Held:
        """See VenueAccount."""
        return {
            each.direction.lower(): (int(each.volume), int(each.yd_volume), int(each.frozen))
            for each in positions
            if each.volume
        }

    def sum_of(self, trades: list[Trade]) -> dict[str, int]:
        """See VenueAccount."""
        held = {"long": 0, "short": 0}
        for trade in trades:
            opened = trade.offset == "OPEN"
            side = "long" if (trade.direction == "LONG") is opened else "short"
            held[side] += int(trade.volume) if opened else -int(trade.volume)
        return {direction: lots for direction, lots in held.items() if lots}

    def closable(self) -> int:
        """See VenueAccount."""
        return sum(each["volume"] - each["frozen"] for each in self._books()["positions"] if each["today"])

    def closing(self) -> str:
        """See VenueAccount."""
        return "CLOSETODAY" if self._vt_symbol.endswith("SHFE") else "CLOSE"

    def strike(self, side: str, volume: int, price: float) -> int:
        """See VenueAccount."""
        return self._lab.call(lambda lab: lab.terminal.strike(self._symbol, side, volume, price))

    def late_orders(self, ms: float) -> None:
        """See VenueAccount."""
        self._lab.control.fault("ReqOrderInsert", "delay", ms=ms, user=self._user)

    def late_cancels(self, ms: float) -> None:
        """See VenueAccount."""
        self._lab.control.fault("ReqOrderAction", "delay", ms=ms, user=self._user)

    def unheard(self, action: str) -> None:
        """See VenueAccount."""
        self._lab.control.fault("OnRtnOrder*", action, count=0, ms=300, user=self._user)

    def slow_books(self) -> float:
        """It answers one query a second anyway."""
        return 3.0

    def muddle(self, chance: Random) -> None:
        """See VenueAccount."""
        step = chance.choice(("OnRtnTrade", "OnRtn*"))
        for action in chance.sample(("duplicate", "reorder", "delay"), 2):
            count, skip = chance.randint(1, 4), chance.randint(0, 2)
            self._lab.control.fault(step, action, count=count, skip=skip, ms=150, user=self._user)

    def stick(self) -> bool:
        """It hangs."""
        data = frame.encode(frame.HANG, 1, None, None, last=True)

        def hang(lab: Any) -> None:
            for session, asked in lab._trading._users.items():
                if asked["UserID"] == self._user:
                    session.force(data)

        self._lab.call(hang)
        return True

    def break_line(self) -> None:
        """See VenueAccount."""
        self._lab.control.drop("td")

    def heal(self) -> None:
        """See VenueAccount."""

        def clear(lab: Any) -> None:
            script = lab._trading.orders.script
            script.faults = [fault for fault in script.faults if fault.user != self._user]

        self._lab.call(clear)

    def _books(self) -> dict[str, Any]:
        return self._lab.call(lambda lab: lab.terminal.books(self._user))


def _state(order: dict[str, Any]) -> str:
    return STATES.get(order["state"], "REJECTED" if order["rejected"] else "CANCELLED")
