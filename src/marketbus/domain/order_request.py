"""What a client asks: an order, or its cancel. Checked when made: a request that exists is well formed."""

from math import isfinite

import msgspec

from marketbus.domain.errors import BadRequest
from marketbus.domain.instrument import MAX_SYMBOL, Exchange, Instrument
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType
from marketbus.domain.times import NS

MAX_CLIENT_ORDER_ID = 24
MAX_REFERENCE = 64
MAX_VOLUME = 1e9
MAX_PRICE = 1e12
MAX_EXT = 16
MAX_EXT_TEXT = 128
DEFAULT_VALIDITY = 5 * NS
"""How long a request may be under way before it is refused, unless the caller says otherwise."""
MAX_VALIDITY = 60 * NS
"""A request that claims to be valid for longer is refused: it is meant for now, not for later."""

_PRICED = frozenset({OrderType.LIMIT, OrderType.FAK, OrderType.FOK, OrderType.STOP})


class OrderRequest(msgspec.Struct, frozen=True):
    """A request to send one order; vnpy's fields first.

    Raises (on construction):
        BadRequest: names the field and its limit.
    """

    symbol: str
    exchange: Exchange
    direction: Direction
    type: OrderType
    volume: float
    """Lots."""
    price: float = 0.0
    offset: Offset = Offset.NONE
    reference: str = ""
    client_order_id: str = ""
    gateway: str = ""
    account: str = ""
    origin: str = ""
    """The principal who asks, from the subject, never from the body."""
    valid_until: int = 0
    """ns UTC"""
    hedge: HedgeFlag = HedgeFlag.SPECULATION
    ext: dict[str, str | int | float | bool | None] | None = None
    host: str = ""
    """Where it was asked, for the journal; as the caller says."""
    trader: str = ""
    """Who stands for it, for the journal; as the caller says."""
    parent: str = ""
    """Of a leg of a bracket, see `Order.parent`; made by `BracketRequest` only."""

    def __post_init__(self) -> None:
        _check_place(self.symbol, self.exchange)
        if self.direction not in (Direction.LONG, Direction.SHORT):
            raise BadRequest("direction: an order is LONG or SHORT", "多 and 空 are taken too")
        if self.offset is Offset.UNKNOWN:
            raise BadRequest("offset: none of NONE, OPEN, CLOSE, CLOSETODAY, CLOSEYESTERDAY", "开, 平, 平今, 平昨")
        if self.type is OrderType.UNKNOWN:
            raise BadRequest("type: none of " + ", ".join(each for each in OrderType if each is not OrderType.UNKNOWN))
        if self.hedge is HedgeFlag.UNKNOWN:
            raise BadRequest("hedge: none of " + ", ".join(each for each in HedgeFlag if each is not HedgeFlag.UNKNOWN))
        _check_amounts(self.volume, self.price)
        if len(self.reference) > MAX_REFERENCE or not self.reference.isprintable():
            raise BadRequest(f"reference: at most {MAX_REFERENCE} printable characters")
        _check_id(self.client_order_id)
        _check_ext(self.ext)
        _check_asker(self.host, self.trader)

    @property
    def instrument(self) -> Instrument:
        """Symbol and exchange."""
        return Instrument(self.symbol, self.exchange)

    @property
    def vt_symbol(self) -> str:
        """`rb2701.SHFE`."""
        return f"{self.symbol}.{self.exchange}"

    @property
    def is_priced(self) -> bool:
        """Whether `price` is a limit that the order must keep."""
        return self.type in _PRICED

    def order(self, now: int, trading_day: int = 0) -> Order:
        """The order it begins, in state NEW."""
        return Order(
            gateway=self.gateway,
            account=self.account,
            symbol=self.symbol,
            exchange=self.exchange,
            client_order_id=self.client_order_id,
            direction=self.direction,
            offset=self.offset,
            type=self.type,
            price=self.price,
            volume=self.volume,
            reference=self.reference,
            hedge=self.hedge,
            origin=self.origin,
            trading_day=trading_day,
            created=now,
            updated=now,
            valid_until=self.valid_until,
            ext=self.ext,
            parent=self.parent,
        )

    def differs_from(self, order: Order) -> str:
        """The first field in which the order of the same id asks for something else; empty when it is the same order.

        `valid_until` may differ: a client that asks again what became of its order asks later.
        """
        price = order.price if order.first_price is None else order.first_price
        volume = order.volume if order.first_volume is None else order.first_volume
        if (self.price, self.volume) != (price, volume):
            return "price" if self.price != price else "volume"
        return next((name for name in _CONTENT if getattr(self, name) != getattr(order, name)), "")


_CONTENT = (
    "gateway", "account", "symbol", "exchange", "direction", "offset", "type", "reference", "hedge", "parent",
)  # fmt: skip


class CancelRequest(msgspec.Struct, frozen=True):
    """A request to cancel one order, by the id it was sent under.

    Raises (on construction):
        BadRequest: names the field and its limit.
    """

    client_order_id: str
    gateway: str = ""
    account: str = ""
    origin: str = ""
    valid_until: int = 0
    """ns UTC"""
    host: str = ""
    """As of an `OrderRequest`; `trader` too."""
    trader: str = ""

    def __post_init__(self) -> None:
        _check_asker(self.host, self.trader)
        if not self.client_order_id:
            raise BadRequest("client_order_id: which order to cancel")
        _check_id(self.client_order_id)


class ModifyRequest(msgspec.Struct, frozen=True):
    """A request for another price or volume of one order, by the id it was sent under; what is None stays.

    Raises (on construction):
        BadRequest: names the field and its limit.
    """

    client_order_id: str
    price: float | None = None
    volume: float | None = None
    """Lots in all, those that are filled included."""
    gateway: str = ""
    account: str = ""
    origin: str = ""
    valid_until: int = 0
    """ns UTC"""
    host: str = ""
    """As of an `OrderRequest`; `trader` too."""
    trader: str = ""

    def __post_init__(self) -> None:
        _check_asker(self.host, self.trader)
        if not self.client_order_id:
            raise BadRequest("client_order_id: which order to modify")
        _check_id(self.client_order_id)
        if self.price is None and self.volume is None:
            raise BadRequest("price, volume: which of them to modify")
        _check_amounts(1.0 if self.volume is None else self.volume, self.price or 0.0)


def is_late(valid_until: int, now: int) -> bool:
    """Whether a request arrived too late to be executed (both ns UTC)."""
    return now > valid_until


def _check_place(symbol: str, exchange: Exchange) -> None:
    if not 0 < len(symbol) <= MAX_SYMBOL or not symbol.isprintable():
        raise BadRequest(f"symbol: 1 to {MAX_SYMBOL} printable characters, such as rb2701")
    if exchange is Exchange.UNKNOWN:
        raise BadRequest("exchange: not an exchange of vnpy.trader.constant.Exchange", "such as SHFE, DCE, CFFEX")


def _check_amounts(volume: float, price: float) -> None:
    if not (isfinite(volume) and 0 < volume <= MAX_VOLUME):
        raise BadRequest(f"volume: {volume} lots, must be above 0 and at most {MAX_VOLUME:g}")
    if not (isfinite(price) and abs(price) <= MAX_PRICE):  # spreads trade at 0 and below
        raise BadRequest(f"price: {price}, must be a number within ±{MAX_PRICE:g}")


def _check_asker(host: str, trader: str) -> None:
    for name, text in (("host", host), ("trader", trader)):
        if len(text) > MAX_REFERENCE or not text.isprintable():
            raise BadRequest(f"{name}: at most {MAX_REFERENCE} printable characters")


def _check_id(text: str) -> None:
    # Blanks are left out: an id stands in logs, on command lines and in subjects.
    if len(text) > MAX_CLIENT_ORDER_ID or not all("!" <= char <= "~" for char in text):
        raise BadRequest(f"client_order_id: at most {MAX_CLIENT_ORDER_ID} printable ASCII characters without blanks")


def _check_ext(ext: dict[str, str | int | float | bool | None] | None) -> None:
    if ext is None:
        return
    if len(ext) > MAX_EXT:
        raise BadRequest(f"ext: {len(ext)} entries, limit {MAX_EXT}")
    for key, value in ext.items():
        if len(key) > MAX_EXT_TEXT or (isinstance(value, str) and len(value) > MAX_EXT_TEXT):
            raise BadRequest(f"ext: keys and texts of at most {MAX_EXT_TEXT} characters")
        if isinstance(value, int | float) and not -(2.0**63) <= value < 2.0**63:
            raise BadRequest(f"ext: {key} is beyond 64 bits")
