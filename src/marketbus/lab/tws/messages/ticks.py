"""Level 1, tick by tick, depth. The texts that stream are built by hand: they go out by the thousand."""

from enum import IntEnum

from marketbus.lab.tws import frame
from marketbus.lab.tws.frame import Field
from marketbus.lab.tws.messages.message import Message, message

DELAYED = 66
"""tickPrice and tickSize of delayed data begin here."""


class Tick(IntEnum):
    """Tick types. Source: TWS API reference, "Available Tick Types"."""

    BID_SIZE = 0
    BID = 1
    ASK = 2
    ASK_SIZE = 3
    LAST = 4
    LAST_SIZE = 5
    HIGH = 6
    LOW = 7
    VOLUME = 8
    CLOSE = 9
    MODEL_OPTION = 13
    OPEN = 14
    MARK_PRICE = 37
    LAST_TIME = 45
    RT_VOLUME = 48
    FUTURES_INTEREST = 86


DELAYED_TYPE = {
    Tick.BID: 66,
    Tick.ASK: 67,
    Tick.LAST: 68,
    Tick.BID_SIZE: 69,
    Tick.ASK_SIZE: 70,
    Tick.LAST_SIZE: 71,
    Tick.HIGH: 72,
    Tick.LOW: 73,
    Tick.VOLUME: 74,
    Tick.CLOSE: 75,
    Tick.OPEN: 76,
    Tick.MODEL_OPTION: 83,
    Tick.LAST_TIME: 88,
}
"""What each becomes when data are delayed; the others are not sent then."""


def price(request: int, tick: int, value: str, size: str, mask: int = 0) -> bytes:
    """tickPrice; -1 with size 0: there is none. `mask`: 1 can be executed automatically, 2 past limit, 4 pre-open."""
    return frame.pack(f"1\x006\0{request}\0{tick}\0{value}\0{size}\0{mask}\0")


def size(request: int, tick: int, value: str) -> bytes:
    """tickSize."""
    return frame.pack(f"2\x006\0{request}\0{tick}\0{value}\0")


def text(request: int, tick: int, value: str) -> bytes:
    """tickString."""
    return frame.pack(f"46\x006\0{request}\0{tick}\0{value}\0")


def option(request: int, tick: int, figures: tuple[Field, ...]) -> bytes:
    """tickOptionComputation: implied volatility, delta, price, dividend, gamma, vega, theta, underlying's price."""
    return frame.encode(21, request, tick, 0, *figures)


def request_parameters(request: int, tick: Field, exchange: str) -> Message:
    """tickReqParams: price tick, the map of exchanges, permissions for snapshots."""
    return message("tickReqParams", 81, request, tick, exchange, 3)


def market_data_type(request: int, kind: int) -> Message:
    """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    return message("marketDataType", 58, 1, request, kind)


def snapshot_end(request: int) -> Message:
    """All that a snapshot has was sent."""
    return message("tickSnapshotEnd", 57, 1, request)


def last_by_tick(request: int, kind: int, seconds: int, value: str, amount: str, exchange: str) -> bytes:
    """tickByTickAllLast; `kind` 1 Last, 2 AllLast."""
    return frame.pack(f"99\0{request}\0{kind}\0{seconds}\0{value}\0{amount}\x000\0{exchange}\0\0")


def quote_by_tick(request: int, seconds: int, bid: str, ask: str, bid_size: str, ask_size: str) -> bytes:
    """tickByTickBidAsk."""
    return frame.pack(f"99\0{request}\x003\0{seconds}\0{bid}\0{ask}\0{bid_size}\0{ask_size}\x000\0")


def midpoint_by_tick(request: int, seconds: int, value: str) -> bytes:
    """tickByTickMidPoint."""
    return frame.pack(f"99\0{request}\x004\0{seconds}\0{value}\0")


def depth(request: int, place: int, operation: int, side: int, value: str, amount: str) -> bytes:
    """updateMktDepth: `operation` 0 insert, 1 update, 2 delete; `side` 0 ask, 1 bid."""
    return frame.pack(f"12\x001\0{request}\0{place}\0{operation}\0{side}\0{value}\0{amount}\0")


def depth_l2(
    request: int, place: int, maker: str, operation: int, side: int, value: str, amount: str, smart: bool
) -> bytes:
    """updateMktDepthL2: the same with whose it is."""
    return frame.pack(f"13\x001\0{request}\0{place}\0{maker}\0{operation}\0{side}\0{value}\0{amount}\0{int(smart)}\0")


def depth_exchanges(found: list[tuple[str, str]]) -> Message:
    """Where depth can be asked for: (exchange, type)."""
    fields: list[Field] = [80, len(found)]
    for exchange, sec_type in found:
        fields += [exchange, sec_type, "", "Deep2" if sec_type == "STK" else "Deep", 1]
    return message("mktDepthExchanges", *fields)
