"""Position, account and rate records (the SDK's dicts) to domain types."""

from collections.abc import Iterable, Sequence

from msgspec import structs

from marketbus.domain.account import Account
from marketbus.domain.instrument import Exchange, product_code
from marketbus.domain.order_terms import Direction, HedgeFlag
from marketbus.domain.position import Position
from marketbus.domain.rates import Charge, CommissionRates, MarginRates
from marketbus.gateways.ctp_family import order_codes as codes
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.record import BadRecord, Record, amount, day, known, lots, place, sure, text, whole
from marketbus.gateways.ctp_family.symbols import Symbols

_HISTORY = "2"
"""PositionDate: SHFE and INE keep the lots of before today in a record of their own."""


class BookRecords:
    """Of one account."""

    def __init__(self, dialect: Dialect, gateway: str, account: str, symbols: Symbols) -> None:
        self._gateway = gateway
        self._account = account
        self._symbols = symbols
        self._hedge_of = {code: hedge for hedge, code in dialect.hedges.items()}

    def names(self, symbol: str) -> tuple[str, ...]:
        """What a rate of the instrument may be named after, the closest first."""
        facts = self._symbols.get(symbol)
        return (symbol, facts.product_id, facts.product) if facts else (symbol, product_code(symbol))

    def position(self, data: Record, received: int) -> Position:
        """One record; an instrument may have several of a direction, see `joined`.

        Raises:
            BadRecord: no instrument, direction or volume.
        """
        symbol, exchange = place(data, self._symbols)
        direction = codes.POSITION_DIRECTION_OF.get(text(data, "PosiDirection"))
        if direction is None:
            raise BadRecord("bad_position", f"{symbol}: PosiDirection {data.get('PosiDirection')!r}")
        volume = lots(data, "Position")
        today = min(lots(data, "TodayPosition"), volume)
        # a position is closed by the opposite side: that side's field holds what is frozen of it
        field = {Direction.LONG: "ShortFrozen", Direction.SHORT: "LongFrozen"}.get(direction)
        frozen = max(0.0, amount(data, field)) if field else 0.0
        facts = self._symbols.get(symbol)
        units = volume * (facts.size or 0.0) if facts else 0.0
        cost, open_cost = amount(data, "PositionCost"), amount(data, "OpenCost")
        return Position(
            gateway=self._gateway,
            account=self._account,
            symbol=symbol,
            exchange=exchange,
            direction=direction,
            volume=volume,
            yd_volume=volume - today,
            frozen=frozen,
            price=cost / units if units else 0.0,
            pnl=amount(data, "PositionProfit"),
            yd_frozen=frozen if text(data, "PositionDate") == _HISTORY else 0.0,
            open_price=open_cost / units if units else 0.0,
            open_cost=open_cost,
            position_cost=cost,
            margin=amount(data, "UseMargin"),
            close_profit=amount(data, "CloseProfitByDate"),
            commission=amount(data, "Commission"),
            hedge=self._hedge_of.get(text(data, "HedgeFlag"), HedgeFlag.UNKNOWN),
            trading_day=day(data, "TradingDay"),
            updated=received,
        )

    def account(self, data: Record, received: int) -> Account:
        """The funds.

        Raises:
            BadRecord: neither equity nor available funds.
        """
        balance, margin = sure(data, "Balance"), amount(data, "CurrMargin")
        frozen = [amount(data, f"Frozen{what}") for what in ("Margin", "Cash", "Commission")]
        return Account(
            gateway=self._gateway,
            account=self._account,
            balance=balance,
            available=sure(data, "Available"),
            frozen=sum(frozen),
            margin=margin,
            frozen_margin=frozen[0],
            frozen_cash=frozen[1],
            frozen_commission=frozen[2],
            commission=amount(data, "Commission"),
            position_profit=amount(data, "PositionProfit"),
            close_profit=amount(data, "CloseProfit"),
            deposit=amount(data, "Deposit"),
            withdraw=amount(data, "Withdraw"),
            pre_balance=amount(data, "PreBalance"),
            risk_ratio=margin / balance if balance > 0 else None,
            currency=text(data, "CurrencyID") or "CNY",
            trading_day=day(data, "TradingDay"),
            updated=received,
        )


def joined(positions: Iterable[Position]) -> tuple[Position, ...]:
    """One position per instrument, direction and hedge flag, of the records that the venue keeps of it."""
    found: dict[tuple[str, Exchange, Direction, HedgeFlag], Position] = {}
    for part in positions:
        key = (part.symbol, part.exchange, part.direction, part.hedge)
        found[key] = part if key not in found else _sum(found[key], part)
    return tuple(found.values())


_SUMS = (
    "volume", "yd_volume", "frozen", "pnl", "yd_frozen", "open_cost", "position_cost", "margin", "close_profit",
    "commission",
)  # fmt: skip


def _sum(one: Position, other: Position) -> Position:
    total = {name: getattr(one, name) + getattr(other, name) for name in _SUMS}
    lots_of_both = total["volume"]
    prices = {
        name: (getattr(one, name) * one.volume + getattr(other, name) * other.volume) / lots_of_both
        if lots_of_both
        else 0.0
        for name in ("price", "open_price")
    }
    return structs.replace(one, **total, **prices)


def own_currency(accounts: Sequence[Account]) -> Account | None:
    """The account in yuan where there are several currencies."""
    return next((each for each in accounts if each.currency == "CNY"), accounts[0] if accounts else None)


def margin_rates(rows: Sequence[Record], names: Sequence[str]) -> MarginRates | None:
    """Of the row that means the instrument.

    None where there is none, where it is relative to the exchange's rates, or says nothing (of options, whose margin is
    no share of their price).
    """
    row = _meant(rows, names)
    if row is None or whole(row, "IsRelative"):
        return None
    rates = MarginRates(_charge(row, "LongMarginRatio"), _charge(row, "ShortMarginRatio"))
    return None if rates == MarginRates() else rates


def commission_rates(rows: Sequence[Record], names: Sequence[str]) -> CommissionRates | None:
    """Of the row that means the instrument; None where there is none."""
    row = _meant(rows, names)
    if row is None:
        return None
    return CommissionRates(*(_charge(row, f"{what}Ratio") for what in ("Open", "Close", "CloseToday")))


def _meant(rows: Sequence[Record], names: Sequence[str]) -> Record | None:
    """By the first name that a row has: the symbol, else the product, which is what most counters name."""
    return next((row for name in names for row in rows if name and text(row, "InstrumentID") == name), None)


def _charge(row: Record, name: str) -> Charge:
    money, volume = known(row, f"{name}ByMoney"), known(row, f"{name}ByVolume")
    if money is None or volume is None or money < 0 or volume < 0:
        raise BadRecord("bad_rate", f"{name} {money} {volume}")
    return Charge(money, volume)
