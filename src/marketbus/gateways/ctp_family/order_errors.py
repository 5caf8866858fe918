"""Error ids of the CTP family for orders, cancels and queries: what the user should do.

Source: error.xml of the CTP release for ids and words (36 is BROKER_SYNCHRONIZED, 44 EXCHANG_TRADING); the hints follow
from the words and from the exchanges' rules on closing today's and yesterday's lots.
"""

from marketbus.domain.message import Bilingual

NOT_READY = 90
"""A query came too early or too soon: it passes by itself."""

_HINTS = {
    6: Bilingual("not logged in at this moment", "当前未登录"),
    15: Bilingual(
        "a field is not what this counter takes: price type, offset or hedge flag",
        "请检查价格类型、开平标志和投机套保标志",
    ),
    16: Bilingual(
        "no such instrument there: check the symbol's letters and the month, CZCE has three digits",
        "请检查合约代码的大小写和月份，郑商所月份是三位数",
    ),
    17: Bilingual("the instrument does not trade at this moment", "合约当前不可交易"),
    22: Bilingual(
        "OrderRef must rise within a session: another program may share it", "报单引用必须递增，是否有其他程序共用会话"
    ),
    23: Bilingual("the cancel names no order as this counter knows it", "撤单请求未能指明委托"),
    24: Bilingual("a cancel of it is on its way already", "撤单已在途，请等待结果"),
    25: Bilingual("the counter knows no such order of this trading day", "当日没有这笔委托，请先查询委托"),
    26: Bilingual(
        "filled or cancelled already: its report is here or on its way", "委托已结束，成交或撤单回报已到或即将到达"
    ),
    28: Bilingual("no right to trade this: ask your broker", "没有交易权限，请联系期货公司"),
    29: Bilingual("it may be closed only", "该合约或账户只能平仓"),
    30: Bilingual(
        "more than the position, or open close orders claim it: check positions and working orders",
        "可平仓位不足，请检查持仓和未成交的平仓委托",
    ),
    31: Bilingual("not enough available funds for margin and commission", "可用资金不足以支付保证金和手续费"),
    36: Bilingual(
        "the counter says its data are being synchronised: try again in a while; if it stays, ask your broker",
        "柜台数据同步状态异常，请稍后再试，持续出现请联系期货公司",
    ),
    37: Bilingual("what is not held cannot be sold", "现货不能卖空，请检查持仓"),
    40: Bilingual("the exchange has too many requests of the broker unanswered", "交易所未处理请求过多，请稍后再试"),
    41: Bilingual("too many requests a second for the exchange", "交易所每秒请求数超限，请稍后再试"),
    42: Bilingual(
        "the settlement was not confirmed: reconnect, or confirm it in your broker's terminal",
        "结算单未确认，请重新连接或在期货公司的终端确认",
    ),
    44: Bilingual(
        "continuous trading has begun: what is for the auction, or was to be kept until then, is not taken now",
        "已进入连续交易，集合竞价或预埋类操作此时不受理",
    ),
    50: Bilingual(
        "not enough lots of today (SHFE, INE): close yesterday's with CLOSEYESTERDAY or CLOSE",
        "今仓不足（上期所、能源中心），昨仓请用平昨或平仓",
    ),
    51: Bilingual(
        "not enough lots of before today (SHFE, INE): close today's with CLOSETODAY",
        "昨仓不足（上期所、能源中心），今仓请用平今",
    ),
    80: Bilingual(
        "the exchange takes no orders of this kind: use LIMIT, FAK or FOK", "该交易所不支持此类报单，请用限价"
    ),
    NOT_READY: Bilingual("asked too early or too soon; asked again by itself", "查询未就绪或过于频繁，自动重试"),
}


def hint(error_id: int) -> Bilingual | None:
    """What helps against a refused order, cancel or query, where that is known."""
    return _HINTS.get(error_id)


def said(error_id: int, words: str) -> str:
    """The venue's words with its number and what is known about them, in both languages."""
    known = hint(error_id)
    return f"[{error_id}] {words}" + (f" ({known})" if known else "")
