"""CTP's characters and error numbers for what the counter means.

Source: THOST_FTDC_* in the SDK's ThostFtdcUserApiDataType.h; error numbers and texts as in the error.xml that CTP's API
packages carry; the exchanges' words as brokers' logs and guides show them in StatusMsg.
"""

from marketbus.lab.trading import Life, Offset, PriceKind, Refusal, Side, State
from marketbus.lab.trading.order import Order
from marketbus.lab.trading.refusal import Veto

SIDES = {Side.BUY: "0", Side.SELL: "1"}
OFFSETS = {Offset.OPEN: "0", Offset.CLOSE: "1", Offset.CLOSE_TODAY: "3", Offset.CLOSE_YESTERDAY: "4"}
PRICE_KINDS = {PriceKind.MARKET: "1", PriceKind.LIMIT: "2", PriceKind.FIVE_LEVELS: "G"}
LIVES = {Life.IMMEDIATE: "1", Life.DAY: "3"}
STATES = {
    State.SUBMITTED: "a",
    State.QUEUEING: "3",
    State.PARTIAL: "1",
    State.FILLED: "0",
    State.CANCELLED: "5",
}
ANY_VOLUME, MIN_VOLUME, ALL_VOLUME = "1", "2", "3"
"""VolumeCondition."""
IMMEDIATELY = "1"
"""ContingentCondition."""
DELETE = "0"
"""ActionFlag."""
SUBMITTED, ACCEPTED, REJECTED = "0", "3", "4"
"""OrderSubmitStatus."""
LONG, SHORT = "2", "3"
"""PosiDirection."""
TODAY, HISTORY = "1", "2"
"""PositionDate."""

REFUSALS = {
    Refusal.FIELD: 15,
    Refusal.NO_INSTRUMENT: 16,
    Refusal.NOT_TRADING: 17,
    Refusal.DUPLICATE: 22,
    Refusal.CANCEL_FIELD: 23,
    Refusal.CANCEL_PENDING: 24,
    Refusal.NO_ORDER: 25,
    Refusal.DONE: 26,
    Refusal.NOT_PLAYED: 27,
    Refusal.POSITION: 30,
    Refusal.MONEY: 31,
    Refusal.NOT_CONFIRMED: 42,
    Refusal.TODAY: 50,
    Refusal.YESTERDAY: 51,
    Refusal.PRICE_KIND: 80,
}
"""Reason → ErrorID."""

_VETOES = {
    Veto.CLOSED: "当前状态禁止此项操作",
    Veto.PRICE_GRID: "价格非最小单位倍数",
    Veto.ABOVE_LIMIT: "价格超出涨停板",
    Veto.BELOW_LIMIT: "价格跌破跌停板",
    Veto.SCRIPTED: "模拟拒单",
}
_STATE_WORDS = {
    State.SUBMITTED: "报单已提交",
    State.QUEUEING: "未成交",
    State.PARTIAL: "部分成交",
    State.FILLED: "全部成交",
    State.CANCELLED: "已撤单",
}


def submit_status(order: Order) -> str:
    """OrderSubmitStatus."""
    if order.rejected:
        return REJECTED
    return SUBMITTED if order.state is State.SUBMITTED else ACCEPTED


def status_words(order: Order) -> str:
    """StatusMsg."""
    if order.veto is not None:
        return f"已撤单报单被拒绝{order.terms.exchange}:{_VETOES[order.veto]}"
    return _STATE_WORDS[order.state]
