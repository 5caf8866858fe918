"""A blocking client of the control port, for tests and scripts."""

from datetime import datetime
from typing import Any

from marketbus.lab.control import ControlLine


class LabControl(ControlLine):
    """One connection; every method waits for its answer and raises LabError with the lab's words when it refuses."""

    def rate(self, rate: float) -> None:
        """Ticks a second over all subscribed instruments."""
        self.call("rate", rate=rate)

    def burst(self, count: int) -> dict[str, float]:
        """`count` ticks as fast as they are taken: {"sent", "seconds"}."""
        return self.call("burst", count=count)

    def pause(self) -> None:
        """No paced ticks."""
        self.call("pause")

    def resume(self) -> None:
        """Paced ticks again."""
        self.call("resume")

    def drop(self, front: str | None = None) -> int:
        """Cuts connections of "md", "md2" ..., "td" or all; returns how many."""
        return self.call("drop", front=front)

    def mute(self, *, on: bool = True, front: str | None = None, instrument: str | None = None) -> None:
        """Silences fronts, or one instrument."""
        self.call("mute", on=on, front=front, instrument=instrument)

    def refuse(self, *, on: bool = True, front: str | None = None) -> None:
        """Stops listening, or listens again."""
        self.call("refuse", on=on, front=front)

    def delay(self, ms: float, front: str | None = None) -> None:
        """Answers that many milliseconds later."""
        self.call("delay", ms=ms, front=front)

    def reject_login(self, error_id: int = 0) -> None:
        """Logins fail with that ErrorID; 0 clears."""
        self.call("reject_login", error_id=error_id)

    def ignore(self, request: str, *, on: bool = True) -> None:
        """Requests of that name, such as "ReqUserLogin", are never answered."""
        self.call("ignore", request=request, on=on)

    def malformed(self, instrument: str, fields: dict[str, Any]) -> None:
        """One tick with raw fields overwritten."""
        self.call("malformed", instrument=instrument, fields=fields)

    def crash(self, front: str = "md") -> int:
        """SIGSEGV in the SDK."""
        return self.call("crash", front=front)

    def hang(self, front: str = "md", *, calls: bool = False) -> int:
        """The SDK's callback thread, or its next call, never returns."""
        return self.call("hang", front=front, calls=calls)

    def oracle(self) -> dict[str, dict[str, int]]:
        """Symbol → {"first", "last", "count"}."""
        return self.call("oracle")

    def clock(
        self, *, start: datetime | None = None, step: float | None = None, speed: float | None = None
    ) -> dict[str, Any]:
        """Sets, steps (s) or speeds the market's time; answers it."""
        return self.call("clock", start=start, step=step, speed=speed)

    def status(self) -> dict[str, Any]:
        """Figures and switches."""
        return self.call("status")

    def order(
        self,
        instrument: str,
        direction: str,
        volume: int,
        price: float = 0.0,
        *,
        offset: str = "open",
        type: str = "limit",  # noqa: A002 - vnpy's word
        user: str | None = None,
    ) -> dict[str, Any]:
        """An order of the account from another terminal: "buy" or "sell"; open, close, close_today, close_yesterday;
        limit, market, fak, fok. Answers it as in `books`. `user` may be left out when there is one account only.
        """
        return self.call(
            "order", instrument=instrument, direction=direction, volume=volume, price=price, offset=offset, type=type,
            user=user,
        )  # fmt: skip

    def cancel(self, exchange: str, order_sys_id: str) -> None:
        """A cancel from another terminal."""
        self.call("cancel", exchange=exchange, order_sys_id=order_sys_id)

    def strike(self, instrument: str, direction: str, volume: int, price: float) -> int:
        """Somebody else's order of that side meets the orders that wait: lots they got."""
        return self.call("strike", instrument=instrument, direction=direction, volume=volume, price=price)

    def books(self, user: str | None = None) -> dict[str, Any]:
        """The venue's own truth: {"account", "orders", "trades", "positions"}."""
        return self.call("books", user=user)

    def fault(self, step: str, action: str, *, count: int = 1, skip: int = 0, ms: float = 0.0, user: str = "") -> None:
        """At a step such as "ReqOrderInsert", "OnRtnOrder:filled", "OnRtn*": delay, drop, duplicate, reorder, crash,
        crash_after, cut; `count` times (0: always) after `skip` times spared.
        """
        self.call("fault", step=step, action=action, count=count, skip=skip, ms=ms, user=user)

    def heal(self) -> int:
        """No more faults: how often they hit."""
        return self.call("heal")

    def venue(self, *, delay_ms: float | None = None, hold: bool | None = None) -> int:
        """Orders and cancels arrive at the venue later, or not before they are let go: how many are on their way."""
        return self.call("venue", delay_ms=delay_ms, hold=hold)

    def reject_orders(self, error_id: int = 0, *, venue: bool = False) -> None:
        """The counter refuses every order with that ErrorID, or the venue does; neither clears."""
        self.call("reject_orders", error_id=error_id, venue=venue)

    def deposit(self, amount: float, *, user: str | None = None) -> None:
        """Pays in, or out when negative; yuan."""
        self.call("deposit", amount=amount, user=user)

    def position(
        self,
        instrument: str,
        direction: str,
        volume: int,
        price: float | None = None,
        *,
        yesterday: bool = False,
        user: str | None = None,
    ) -> None:
        """Lots the account never traded, "long" or "short"; `price` None: the last settlement's."""
        self.call(
            "position", instrument=instrument, direction=direction, volume=volume, price=price, yesterday=yesterday,
            user=user,
        )  # fmt: skip
