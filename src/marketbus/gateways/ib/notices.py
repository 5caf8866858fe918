"""What TWS's numbers mean: for the line, for a subscription, for an order.

Source: IBKR's list of TWS API message codes, and facts gathered with ib_async and vnpy_ib.
"""

from enum import Enum

from marketbus.domain.message import Bilingual

LOST = frozenset({1100, 2110})
"""TWS has lost IB's servers; the socket to TWS stands."""
RESTORED_DATA_LOST = 1101
RESTORED_DATA_KEPT = 1102
FARM_BROKEN = 2103
FARM_OK = frozenset({2104, 2119})
"""2119: it is connecting."""
CLIENT_ID_IN_USE = 326
COMPETING = 10197
"""Another session of the same user has taken the market data."""
DELAYED_SHOWN = 10167
TOO_FAST = 100
NOT_CONNECTED = 504

NO_PERMISSION = frozenset({354, 10089, 10090, 10168, 10186})
"""No live data of this instrument without a subscription with IB; delayed data may be had."""
PARTLY = 10090
"""Of those: some of its ticks come all the same, so the line is there."""
NO_CONTRACT = 200


def is_notice(code: int) -> bool:
    """Of the line or a farm, for nobody's request."""
    return code in (1100, 1101, 1102) or 2100 <= code < 2200


def is_advice(code: int) -> bool:
    """Whether it never ends what it is about: a warning, or the word that a value was replaced."""
    return is_notice(code) or code in (399, 404, 492, 10167, 10349)


class OnOrder(Enum):
    """What an error with an order's number says."""

    ADVICE = "advice"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    CANCEL_REFUSED = "cancel refused"


_CANCEL_REFUSED = frozenset({135, 136, 161, 10147, 10148})
"""No such order, or one that cannot be cancelled in its state."""


def on_order(code: int) -> OnOrder:
    """The meaning of an error with an order's number. What became of the order, its status alone decides."""
    if is_advice(code):
        return OnOrder.ADVICE
    if code == 202:
        return OnOrder.CANCELLED
    if code in _CANCEL_REFUSED:
        return OnOrder.CANCEL_REFUSED
    return OnOrder.REJECTED


class OnHistory(Enum):
    """What an error about historical data says."""

    NO_DATA = "no data"
    TOO_FAST = "too fast"
    REFUSED = "refused"


def on_history(code: int, words: str) -> OnHistory:
    """The meaning of an error with the number of a request for historical data: 162 is many things, told by words."""
    if code != _HISTORY:
        return OnHistory.REFUSED
    if "returned no data" in words:
        return OnHistory.NO_DATA
    return OnHistory.TOO_FAST if "pacing violation" in words else OnHistory.REFUSED


_HISTORY = 162
_HINTS = {
    100: Bilingual("more than 50 messages a second", "每秒消息超过 50 条"),
    101: Bilingual("all market data lines are taken: unsubscribe something", "行情订阅数已满，请退订部分合约"),
    103: Bilingual("the order id was used before", "委托号重复"),
    110: Bilingual("the price does not fit the contract's price tick", "价格不符合最小变动价位"),
    200: Bilingual("no such contract, or not only one", "没有该合约，或不唯一"),
    201: Bilingual("IB rejected the order", "IB 拒单"),
    321: Bilingual(
        "if it says read-only: untick Read-Only API in TWS", "若为只读模式，请在 TWS 取消勾选“只读 API”"
    ),
    326: Bilingual(
        "another program uses this client_id: stop it, or give one of them another",
        "客户号已被另一程序占用，请关闭该程序或更换 client_id",
    ),
    354: Bilingual("no market data subscription with IB for it", "未在 IB 订阅该行情"),
    502: Bilingual("TWS does not listen there", "TWS 未在该端口监听"),
    1100: Bilingual("TWS has lost IB's servers and tries again by itself", "TWS 与 IB 服务器断开，会自动重连"),
    2103: Bilingual("TWS tries again by itself", "TWS 会自动重连"),
    10197: Bilingual(
        "the same user is logged in elsewhere and has the market data: log out there",
        "同一用户在别处登录并占用行情，请先退出",
    ),
}  # fmt: skip


def hint(code: int) -> Bilingual | None:
    """What helps, where it is known."""
    return _HINTS.get(code)
