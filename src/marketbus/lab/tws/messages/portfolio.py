"""Positions, account values, profit and loss."""

from decimal import Decimal

from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.frame import UNSET, Field
from marketbus.lab.tws.messages.message import Message, message


def position(account: str, contract: Contract, size: Decimal, cost: Decimal) -> Message:
    """One net position; `cost`: average, of one contract."""
    return message("position", 61, 3, account, *_at_home(contract), size, cost)


def position_end() -> Message:
    """All were sent; changes follow as they happen."""
    return message("positionEnd", 62, 1)


def position_multi(request: int, account: str, contract: Contract, size: Decimal, cost: Decimal) -> Message:
    """The same, to a request for one account or model."""
    return message("positionMulti", 71, 1, request, account, *_at_home(contract), size, cost, "")


def position_multi_end(request: int) -> Message:
    """All were sent."""
    return message("positionMultiEnd", 72, 1, request)


def account_value(key: str, value: str, currency: str, account: str) -> Message:
    """updateAccountValue."""
    return message("updateAccountValue", 6, 2, key, value, currency, account)


def account_time(hour_minute: str) -> Message:
    """updateAccountTime, HH:MM."""
    return message("updateAccountTime", 8, 1, hour_minute)


def account_download_end(account: str) -> Message:
    """All values and positions were sent."""
    return message("accountDownloadEnd", 54, 1, account)


def portfolio(
    account: str,
    contract: Contract,
    size: Decimal,
    figures: tuple[Decimal, Decimal, Decimal, Decimal, Decimal],
) -> Message:
    """updatePortfolio; `figures`: market price, market value, average cost, unrealised and realised profit."""
    c = contract
    return message(
        "updatePortfolio", 7, 8, c.con_id, c.symbol, c.sec_type, c.expiry, c.strike or "0.0",
        c.right or "0", c.multiplier, c.primary or c.exchange, c.currency, c.local_symbol, c.trading_class,
        size, *figures, account,
    )  # fmt: skip


def account_summary(request: int, account: str, tag: str, value: str, currency: str) -> Message:
    """One value."""
    return message("accountSummary", 63, 1, request, account, tag, value, currency)


def account_summary_end(request: int) -> Message:
    """All were sent."""
    return message("accountSummaryEnd", 64, 1, request)


def account_multi(request: int, account: str, key: str, value: str, currency: str) -> Message:
    """accountUpdateMulti: one value."""
    return message("accountUpdateMulti", 73, 1, request, account, "", key, value, currency)


def account_multi_end(request: int) -> Message:
    """All were sent."""
    return message("accountUpdateMultiEnd", 74, 1, request)


def profit(request: int, daily: Decimal, unrealised: Decimal, realised: Decimal) -> Message:
    """pnl, of an account."""
    return message("pnl", 94, request, daily, unrealised, realised)


def profit_single(
    request: int, size: Decimal, daily: Decimal, figures: tuple[Decimal, Decimal, Decimal] | None
) -> Message:
    """pnlSingle, of a position; `figures`: unrealised, realised, value; None: there is no such position."""
    unrealised, realised, value = figures or (UNSET, UNSET, UNSET)
    return message("pnlSingle", 95, request, size, daily, unrealised, realised, value)


def _at_home(contract: Contract) -> tuple[Field, ...]:
    # TWS tells positions without an exchange.
    fields = list(contract.fields())
    fields[7] = ""
    return tuple(fields)
