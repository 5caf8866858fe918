"""A gateway's service with known answers."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import date, time

from ticks import tick

from marketbus.domain.bar import Bar
from marketbus.domain.calendar_table import CalendarTable
from marketbus.domain.contract import Contract, Product
from marketbus.domain.errors import NotSupported, UnknownInstrument
from marketbus.domain.heard import Heard
from marketbus.domain.history import HistoryRequest, Progress, TickKind
from marketbus.domain.instrument import Exchange, Pattern
from marketbus.domain.session import Session
from marketbus.domain.status import GatewayStatus
from marketbus.domain.subscription import Coverage, Interest
from marketbus.domain.tick import Tick
from marketbus.domain.times import NS
from marketbus.domain.trading_hours import Hours


def status(gateway: str = "ctp-main", **fields: object) -> GatewayStatus:
    known: dict[str, object] = {
        "kind": "ctp", "sdk": "lab", "simulated": True, "time": 1, "epoch": 7, "pid": 1, "host": "h", "started": 1,
        "capabilities": (), "md": Session(), "td": Session(), "contracts": 0, "requested": 0, "acknowledged": 0,
        "leases": 0, "pins": (), "ticks": 0, "rate": 0.0, "last_tick": None, "drops": {}, "rejects": {}, "errors": {},
    }  # fmt: skip
    return GatewayStatus(gateway, **(known | fields))  # pyright: ignore[reportArgumentType]


def contract(number: int, name: str = "螺纹钢") -> Contract:
    return Contract("ctp-main", f"rb{number}", Exchange.SHFE, name, Product.FUTURES, 10.0, 1.0)


HOURS = (
    Hours(Exchange.SHFE, ("rb",), ((time(21), time(23)),), ((time(20, 55), time(21)),), date(2020, 5, 6), "a source"),
)


def bar(request: HistoryRequest, number: int) -> Bar:
    moment = request.start + number * request.interval.seconds * NS
    return Bar("ctp-main", *request.instrument, moment, request.interval, close_price=3500.0 + number)


class FakeService:
    def __init__(self) -> None:
        self.epoch = 7
        self.listed = 1000
        self.calls: list[tuple[object, ...]] = []
        self.broken = False

    def status(self) -> GatewayStatus:
        if self.broken:
            raise ZeroDivisionError
        return status()

    def subscribe(self, owner: str, patterns: Sequence[str], ttl: float) -> Coverage:
        for text in patterns:
            Pattern(text)
        self.calls.append(("subscribe", owner, tuple(patterns), ttl))
        return Coverage(len(patterns), ())

    def renew(self, owner: str, ttl: float, heard: Heard | None = None) -> bool:
        return owner == "known"

    def unsubscribe(self, owner: str) -> None:
        self.calls.append(("unsubscribe", owner))

    def subscriptions(self) -> Iterable[Interest]:
        return [Interest("rb2701.SHFE", 1, True, True, None)]

    def snapshot(self, patterns: Sequence[str]) -> Iterable[Tick]:
        if patterns == ["missing.SHFE"]:
            raise UnknownInstrument("missing.SHFE", ["rb2701.SHFE"])
        return (tick(f"rb{number}", number) for number in range(1, 4))

    async def look_up(self, patterns: Sequence[str]) -> None:
        pass

    def contracts(self, patterns: Sequence[str]) -> Iterable[Contract]:
        return (contract(number) for number in range(self.listed))

    def calendar(self) -> CalendarTable:
        return CalendarTable(date(2026, 1, 1), date(2026, 12, 31), (date(2026, 10, 1),), (), HOURS)

    async def query_history(self, request: HistoryRequest) -> AsyncGenerator[Sequence[Bar] | Sequence[Tick] | Progress]:
        if request.ticks is TickKind.QUOTES:
            raise NotSupported("no quotes")
        yield Progress(request.start)
        yield [bar(request, number) for number in range(3)]
        yield Progress(request.end, 2.5)

    def pin(self, patterns: Sequence[str], principal: str) -> Sequence[str]:
        self.calls.append(("pin", tuple(patterns), principal))
        return tuple(patterns)

    def unpin(self, patterns: Sequence[str], principal: str) -> Sequence[str]:
        return ()

    def reconnect(self, principal: str) -> None:
        self.calls.append(("reconnect", principal))
