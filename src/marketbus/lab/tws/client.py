"""A blocking client of a simulated TWS's control port, for tests and scripts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from marketbus.lab.control import ControlLine

Number = str | float | Decimal


class TwsControl(ControlLine):
    """One connection; every method waits for its answer and raises LabError with the lab's words when it refuses.

    A contract is named by its conId, its local symbol, or a symbol; client None means all of them.
    """

    def rate(self, rate: float) -> None:
        """Ticks a second over all subscribed contracts."""
        self.call("rate", rate=rate)

    def burst(self, count: int) -> dict[str, float]:
        """`count` ticks as fast as they are taken: {"sent", "seconds"}."""
        return self.call("burst", count=count)

    def step(self, contract: str | int, count: int = 1) -> dict[str, Any]:
        """The next `count` ticks of one contract: {"volume", "last", "bid", "ask"} of the last one."""
        return self.call("step", contract=contract, count=count)

    def pause(self) -> None:
        """No paced ticks."""
        self.call("pause")

    def resume(self) -> None:
        """Paced ticks again."""
        self.call("resume")

    def oracle(self) -> dict[str, dict[str, Any]]:
        """conId → {"first", "last", "count", "ranges"}, of Volume in lots."""
        return self.call("oracle")

    def status(self) -> dict[str, Any]:
        """Figures and switches."""
        return self.call("status")

    def clock(
        self, *, start: datetime | None = None, step: float | None = None, speed: float | None = None
    ) -> dict[str, Any]:
        """Sets, steps (s) or speeds the market's time; answers it."""
        return self.call("clock", start=start, step=step, speed=speed)

    def permission(self, contract: str | int, *, on: bool) -> None:
        """Whether live data of a contract are subscribed."""
        self.call("permission", contract=contract, on=on)

    def raw(self, fields: list[str], client: int | None = None) -> int:
        """A message of any fields: to how many clients."""
        return self.call("raw", fields=fields, client=client)

    def drop(self, client: int | None = None) -> int:
        """Cuts connections; returns how many."""
        return self.call("drop", client=client)

    def mute(self, *, on: bool = True, client: int | None = None, contract: str | int | None = None) -> None:
        """Says nothing any more; or one contract does not tick."""
        self.call("mute", on=on, client=client, contract=contract)

    def refuse(self, *, on: bool = True) -> None:
        """Stops listening, or listens again."""
        self.call("refuse", on=on)

    def delay(self, ms: float, client: int | None = None) -> None:
        """Takes requests that many milliseconds later."""
        self.call("delay", ms=ms, client=client)

    def connectivity(self, state: str) -> None:
        """lost (1100), restored (1102), data_lost (1101)."""
        self.call("connectivity", state=state)

    def farm(self, *, on: bool, keep: bool = False) -> None:
        """Market data farm: 2103, 2104."""
        self.call("farm", on=on, keep=keep)

    def history_farm(self, *, on: bool) -> None:
        """Historical data farm: 2105, 2106."""
        self.call("history_farm", on=on)

    def competing(self, *, on: bool) -> None:
        """Another session has the live data: 10197."""
        self.call("competing", on=on)

    def notice(self, code: int, words: str, request: int = -1, client: int | None = None) -> int:
        """Any code: to how many clients."""
        return self.call("notice", code=code, words=words, request=request, client=client)

    def fault(
        self, step: str, action: str, *, count: int = 1, skip: int = 0, ms: float = 0.0, client: int | None = None
    ) -> None:
        """At a step such as "placeOrder", "orderStatus:Filled", "exec*": delay, drop, duplicate, reorder, cut, kill,
        kill_after; `count` times (0: always) after `skip` times spared.
        """
        self.call("fault", step=step, action=action, count=count, skip=skip, ms=ms, client=client)

    def heal(self) -> int:
        """No more faults: how often they hit."""
        return self.call("heal")

    def order(
        self, contract: str | int, action: str, quantity: Number, price: Number | None = None, *, account: str = "",
        ref: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """An order from the terminal, at the market when it has no price; answers it as in `books`."""
        return self.call(
            "order", contract=contract, action=action, quantity=str(quantity),
            price=None if price is None else str(price), account=account, ref=ref,
        )  # fmt: skip

    def modify(self, perm_id: int, *, quantity: Number | None = None, price: Number | None = None) -> None:
        """A modification from the terminal."""
        self.call(
            "modify", perm_id=perm_id, quantity=None if quantity is None else str(quantity),
            price=None if price is None else str(price),
        )  # fmt: skip

    def cancel(self, perm_id: int) -> None:
        """A cancel from the terminal."""
        self.call("cancel", perm_id=perm_id)

    def strike(self, contract: str | int, action: str, quantity: Number, price: Number) -> Decimal:
        """Somebody else's order meets those that wait: the size they got."""
        got = self.call("strike", contract=contract, action=action, quantity=str(quantity), price=str(price))
        return Decimal(got)

    def books(self, account: str = "") -> dict[str, Any]:
        """The broker's own truth: "account", "cash", "net_liquidation", "positions", "orders", "executions"."""
        return self.call("books", account=account)

    def venue(self, *, delay_ms: float | None = None, hold: bool | None = None) -> int:
        """Orders and cancels arrive at the venue later, or not before they are let go: how many are on their way."""
        return self.call("venue", delay_ms=delay_ms, hold=hold)

    def reject_orders(self, code: int = 0, words: str = "Order rejected - reason:", status: str = "Inactive") -> None:
        """Every order is refused with that error; 0 clears."""
        self.call("reject_orders", code=code, words=words, status=status)

    def advise(self, code: int, words: str) -> None:
        """The next order is told that code too; it does not end it."""
        self.call("advise", code=code, words=words)

    def deposit(self, amount: Number, *, account: str = "") -> None:
        """Pays in, or out when negative; base currency."""
        self.call("deposit", amount=str(amount), account=account)

    def position(self, contract: str | int, quantity: Number, price: Number, *, account: str = "") -> None:
        """A position the account never traded."""
        self.call("position", contract=contract, quantity=str(quantity), price=str(price), account=account)
