"""The words of an order: direction, offset, type, hedge flag. vnpy's names; Chinese and any case are taken as input."""

from enum import StrEnum
from typing import Any, TypeVar

from marketbus.domain.errors import BadRequest

Word = TypeVar("Word", bound=StrEnum)


class Direction(StrEnum):
    """Direction of an order, trade or position (vnpy.trader.constant.Direction)."""

    LONG = "LONG"
    SHORT = "SHORT"
    NET = "NET"
    """A position of a venue that keeps one net figure; never of an order."""
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "Direction":
        return _look_up(cls, value, {"多": "LONG", "买": "LONG", "空": "SHORT", "卖": "SHORT", "净": "NET"})

    @property
    def opposite(self) -> "Direction":
        """The other side of LONG and SHORT; of the rest, itself."""
        return _OPPOSITE.get(self, self)


_OPPOSITE = {Direction.LONG: Direction.SHORT, Direction.SHORT: Direction.LONG}


class Offset(StrEnum):
    """Whether an order opens or closes (vnpy.trader.constant.Offset)."""

    NONE = "NONE"
    """The venue keeps net positions: an order neither opens nor closes."""
    OPEN = "OPEN"
    CLOSE = "CLOSE"
    CLOSETODAY = "CLOSETODAY"
    CLOSEYESTERDAY = "CLOSEYESTERDAY"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "Offset":
        names = {"": "NONE", "开": "OPEN", "平": "CLOSE", "平今": "CLOSETODAY", "平昨": "CLOSEYESTERDAY"}
        return _look_up(cls, value, names)

    @property
    def closes(self) -> bool:
        """Whether it takes from a position on purpose."""
        return self in _CLOSING


_CLOSING = frozenset({Offset.CLOSE, Offset.CLOSETODAY, Offset.CLOSEYESTERDAY})


class OrderType(StrEnum):
    """How an order is priced and how long it stands (vnpy.trader.constant.OrderType)."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP = "STOP"
    FAK = "FAK"
    """Fill what can be filled at once, cancel the rest."""
    FOK = "FOK"
    """Fill all at once, or nothing."""
    RFQ = "RFQ"
    ETF = "ETF"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "OrderType":
        return _look_up(cls, value, {"限价": "LIMIT", "市价": "MARKET", "询价": "RFQ"})


class HedgeFlag(StrEnum):
    """What an order is for, as Chinese exchanges ask; positions of different flags are kept apart there."""

    SPECULATION = "SPECULATION"
    ARBITRAGE = "ARBITRAGE"
    HEDGE = "HEDGE"
    COVERED = "COVERED"
    """A short option covered by the underlying (SOPT)."""
    MARKET_MAKER = "MARKET_MAKER"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "HedgeFlag":
        names = {
            "投机": "SPECULATION",
            "套利": "ARBITRAGE",
            "套保": "HEDGE",
            "备兑": "COVERED",
            "做市": "MARKET_MAKER",
            "做市商": "MARKET_MAKER",
            "marketmaker": "MARKET_MAKER",
        }
        return _look_up(cls, value, names)


def word_of(kind: type[Word], value: Any, field: str) -> Word:
    """A person's or a program's word as a member of `kind`: `long`, `LONG`, `多`, `Close Today`, `平今`.

    Raises:
        BadRequest: no such word; the message names the field and the words there are.
    """
    word = kind(value)
    if word.name == "UNKNOWN":
        words = ", ".join(str(each) for each in kind if each.name != "UNKNOWN")
        raise BadRequest(f"{field}: {str(value)[:40]!r} is none of {words}")
    return word


def _look_up(kind: type[Word], value: object, names: dict[str, str]) -> Word:
    text = str(value).casefold().replace(" ", "").replace("_", "")
    name = names.get(text, text.upper())
    return kind.__members__.get(name, kind.__members__["UNKNOWN"])
