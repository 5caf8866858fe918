"""Ticks, bars and contracts: domain ⇄ vnpy."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from vnpy.trader.constant import Exchange as VnpyExchange
from vnpy.trader.constant import Interval as VnpyInterval
from vnpy.trader.constant import OptionType as VnpyOptionType
from vnpy.trader.constant import Product as VnpyProduct
from vnpy.trader.object import BarData, ContractData, TickData

from marketbus.domain.bar import Bar
from marketbus.domain.contract import Contract, OptionType, Product
from marketbus.domain.errors import NotSupported
from marketbus.domain.instrument import Exchange, product_code
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.times import SHANGHAI, from_datetime, to_datetime, yyyymmdd

_INTERVALS = frozenset(each.value for each in VnpyInterval)
_OPTION_TYPES = {VnpyOptionType.CALL: OptionType.CALL, VnpyOptionType.PUT: OptionType.PUT}
_SANE = 1e300
"""Beyond it a number means none: venues write DBL_MAX for what does not exist, and not every gateway cleans it."""
_STATISTICS = ("limit_up", "limit_down", "open_price", "high_price", "low_price", "pre_close")
_DEPTH = 5
_BOOK = {
    kind: [f"{side}_{kind}_{level}" for side in ("bid", "ask") for level in range(1, _DEPTH + 1)]
    for kind in ("price", "volume")
}
_FIRST = ("volume", "turnover", "open_interest", "last_price", "last_volume")
# In the order of Tick's fields: a tick is built by position, in a third of the time.
_fields = itemgetter(
    "gateway_name", "symbol", "exchange", "datetime", "name", *_FIRST, *_STATISTICS, *_BOOK["price"], *_BOOK["volume"]
)
_LAST, _BID, _LEVELS = 4, len(_FIRST) + len(_STATISTICS), 2 * _DEPTH
_ASK = _BID + _DEPTH
_EXCHANGES = {exchange: Exchange(exchange.value) for exchange in VnpyExchange}


def exchange_from_vnpy(exchange: VnpyExchange) -> Exchange:
    """Ours.

    Raises:
        ValueError: it is no exchange of vnpy's.
    """
    found = _EXCHANGES.get(exchange)
    if found is None:
        raise ValueError(f"exchange {exchange!r}")
    return found


def tick_from_vnpy(data: TickData, received: int, trading_day: int, flags: int = 0) -> Tick:
    """A vnpy tick as a domain tick; vnpy's 0 in a statistic means absent, a naive datetime is Shanghai time.

    Raises:
        ValueError: the last price or the volume is not a number, the volume is impossible, or a text is none.
    """
    gateway, symbol, exchange, moment, name, *numbers = _fields(vars(data))
    if not type(gateway) is type(symbol) is type(name) is str:
        gateway, symbol, name = map(_text, (gateway, symbol, name))
    last_volume, numbers[_LAST] = numbers[_LAST], 1.0  # the only one that is often 0
    # All at once: NaN and what is too large spoil the sum. A tick with something odd in it is looked at one by one.
    if min(numbers) > 0.0 and sum(numbers) < _SANE:
        numbers[_LAST] = _present(last_volume) or 0.0
        values: Iterable[Any] = map(float, numbers)
        if numbers[_BID] >= numbers[_ASK]:
            flags |= TickFlag.CROSSED
    else:
        numbers[_LAST] = last_volume
        values, odd = _cleaned(numbers)
        flags |= odd
    return Tick(
        gateway,
        symbol,
        exchange_from_vnpy(exchange),
        from_datetime(moment),
        received,
        0,
        0,
        trading_day,
        int(flags),
        name,
        *values,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")  # noqa: TRY004 (what a venue says, not how we were called)
    return str(value)  # of a kind of its own, such as NumPy's


def _cleaned(numbers: Sequence[float]) -> tuple[list[Any], TickFlag]:
    """The numbers of a tick, those that can be none at their place as 0 or None, and what that says of it."""
    volume, turnover, interest, last_price, last_volume = numbers[: len(_FIRST)]
    if math.isnan(last_price) or not 0 <= volume < _SANE:
        raise ValueError(f"last_price {last_price}, volume {volume}")
    prices, volumes = list(numbers[_BID:-_LEVELS]), list(numbers[-_LEVELS:])
    for index in range(_LEVELS):
        if 0 < volumes[index] < _SANE and -_SANE < prices[index] < _SANE:
            prices[index], volumes[index] = float(prices[index]), float(volumes[index])
        else:
            prices[index] = volumes[index] = 0.0
    flags = TickFlag(0)
    last = _present(last_price)
    if last is None:
        flags |= TickFlag.NO_LAST
    if volumes[0] and volumes[_DEPTH] and prices[0] >= prices[_DEPTH]:
        flags |= TickFlag.CROSSED
    return [
        float(volume),
        _present(turnover) or 0.0,
        _present(interest) or 0.0,
        last or 0.0,
        _present(last_volume) or 0.0,
        *map(_present, numbers[len(_FIRST) : _BID]),
        *prices,
        *volumes,
    ], flags


def tick_to_vnpy(tick: Tick) -> TickData:
    """A domain tick as vnpy's; what is absent becomes 0, as vnpy users expect."""
    data = TickData(
        gateway_name=tick.gateway,
        symbol=tick.symbol,
        exchange=VnpyExchange(tick.exchange.value),
        datetime=tick.time.replace(tzinfo=SHANGHAI),
        name=tick.name,
        volume=tick.volume,
        turnover=tick.turnover,
        open_interest=tick.open_interest,
        last_price=tick.last_price,
        last_volume=tick.last_volume,
    )
    for name in _STATISTICS:
        setattr(data, name, getattr(tick, name) or 0.0)
    for field in (*_BOOK["price"], *_BOOK["volume"]):
        setattr(data, field, getattr(tick, field))
    data.localtime = to_datetime(tick.received)
    return data


def bar_to_vnpy(bar: Bar) -> BarData:
    """A domain bar as vnpy's; vnpy has no word for intervals other than 1m, 1h, d and w, and gets None there."""
    known = bar.interval.value
    return BarData(
        gateway_name=bar.gateway,
        symbol=bar.symbol,
        exchange=VnpyExchange(bar.exchange.value),
        datetime=bar.time.replace(tzinfo=SHANGHAI),
        interval=VnpyInterval(known) if known in _INTERVALS else None,
        volume=bar.volume,
        turnover=bar.turnover,
        open_interest=bar.open_interest,
        open_price=bar.open_price,
        high_price=bar.high_price,
        low_price=bar.low_price,
        close_price=bar.close_price,
    )


def contract_from_vnpy(data: ContractData) -> Contract:
    """A vnpy contract as a domain contract."""
    expiry, listed = data.option_expiry, data.option_listed
    return Contract(
        gateway=data.gateway_name,
        symbol=data.symbol,
        exchange=Exchange(data.exchange.value),
        name=data.name,
        product=Product(data.product.name),
        size=float(data.size),
        pricetick=float(data.pricetick),
        min_volume=float(data.min_volume),
        max_volume=None if data.max_volume is None else float(data.max_volume),
        list_date=None if listed is None else yyyymmdd(listed),
        expire_date=None if expiry is None else yyyymmdd(expiry),
        option_strike=data.option_strike or None,
        option_underlying=data.option_underlying or None,
        option_type=None if data.option_type is None else _OPTION_TYPES[data.option_type],
        option_portfolio=data.option_portfolio or None,
        product_id=product_code(data.symbol),
        option_index=data.option_index or None,
        net_position=bool(data.net_position),
    )


def contract_to_vnpy(contract: Contract) -> ContractData:
    """A domain contract as vnpy's; its option's days are those of Shanghai.

    Raises:
        NotSupported: vnpy has no such exchange or product.
    """
    try:
        exchange, product = VnpyExchange(contract.exchange.value), VnpyProduct[contract.product.name]
    except (KeyError, ValueError):
        raise NotSupported(f"vnpy has no contract like {contract.vt_symbol} ({contract.product})") from None
    option = contract.option_type
    return ContractData(
        gateway_name=contract.gateway,
        symbol=contract.symbol,
        exchange=exchange,
        name=contract.name,
        product=product,
        size=contract.size,
        pricetick=contract.pricetick,
        min_volume=contract.min_volume,
        max_volume=contract.max_volume,
        net_position=contract.net_position,
        option_strike=contract.option_strike or 0.0,
        option_underlying=contract.option_underlying or "",
        option_type=None if option is None or option is OptionType.UNKNOWN else VnpyOptionType[option.name],
        option_listed=_day(contract.list_date) if option is not None else None,
        option_expiry=_day(contract.expire_date) if option is not None else None,
        option_portfolio=contract.option_portfolio or "",
        option_index=contract.option_index or "",
    )


def _day(day: int | None) -> dt.datetime | None:
    return None if day is None else dt.datetime.strptime(str(day), "%Y%m%d")


def _present(value: float) -> float | None:
    return float(value) if value and -_SANE < value < _SANE else None
