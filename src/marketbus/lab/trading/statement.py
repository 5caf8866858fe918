"""The settlement statement of a day, in a broker's usual words."""

from datetime import date
from decimal import Decimal

from marketbus.lab.trading.account import Account
from marketbus.lab.trading.order import Side

_LONG = {Side.BUY: "买", Side.SELL: "卖"}


def statement(account: Account, day: date, settled: dict[str, Decimal]) -> str:
    """Money, trades and positions of an account whose day is about to be settled at those prices."""
    last, account.last = account.last, settled.__getitem__
    lines = [
        "模拟柜台 交易结算单(盯市)",
        f"客户号: {account.user}  日期: {day:%Y%m%d}",
        "资金状况  币种:人民币",
        f"期初结存: {account.before:.2f}  出入金: {account.deposit:.2f}",
        f"平仓盈亏: {account.close_profit:.2f}  持仓盯市盈亏: {account.position_profit:.2f}",
        f"权利金收支: {account.premium:.2f}  手续费: {account.fee:.2f}",
        f"客户权益: {account.balance:.2f}  保证金占用: {account.margin_at(account.last):.2f}",
    ]
    account.last = last
    if account.trades:
        lines.append("成交记录")
        lines += [
            f"{trade.order.terms.exchange} {trade.order.terms.symbol} {trade.venue_id.strip()} "
            f"{_LONG[trade.order.request.side]} {trade.price} {trade.volume} {trade.fee:.2f} {trade.profit:.2f}"
            for trade in account.trades
        ]
    held = [(key, bucket) for key, bucket in account.buckets.items() if bucket.volume]
    if held:
        lines.append("持仓汇总")
        lines += [
            f"{bucket.terms.exchange} {symbol} {_LONG[side]} {bucket.volume} 结算价 {settled[symbol]}"
            for (symbol, side, _), bucket in held
        ]
    return "\r\n".join(lines) + "\r\n"
