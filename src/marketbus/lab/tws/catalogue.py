"""What the simulated TWS lists: real names, ticks and multipliers; prices of an ordinary day.

conIds of AAPL, MSFT, EUR.USD and SPX are the real ones, the others are the lab's own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from marketbus.lab.hours import Hours
from marketbus.lab.instruments import Kind, Listing
from marketbus.lab.tws.contract import CHICAGO, Contract, Query

_STOCK_EXCHANGES = ("SMART", "AMEX", "NYSE", "CBOE", "ISLAND", "NASDAQ", "ARCA", "BATS", "IEX", "OVERNIGHT")
_OPTION_EXCHANGES = ("SMART", "AMEX", "CBOE", "PHLX", "ISE", "BOX")
_OPTION_STRIKES = range(190, 275, 5)
_ALWAYS = "0000-2359"
_FUTURES_HOURS = "1700-1600"

AAPL = 265598


class Catalogue:
    """The contracts listed on a day."""

    def __init__(self, today: date) -> None:
        self.contracts = tuple(_listed(today))
        # A continuous future has the conId of its month and is found by its type only.
        self.by_id = {each.con_id: each for each in self.contracts if each.sec_type != "CONTFUT"}
        self.listings = [_listing(each, today) for each in self.by_id.values()]

    def find(self, query: Query) -> list[Contract]:
        """Every contract that may be meant."""
        return [each for each in self.contracts if query.matches(each)]

    def search(self, pattern: str) -> list[Contract]:
        """What a user may mean by some letters: no single months, no single options."""
        wanted = pattern.upper()
        return [
            each
            for each in self.contracts
            if each.sec_type in {"STK", "IND", "CASH", "CRYPTO"}
            and (each.symbol.startswith(wanted) or wanted in each.long_name.upper())
        ]

    def options_on(self, con_id: int) -> list[Contract]:
        """The chain on an underlying."""
        return [each for each in self.contracts if each.sec_type == "OPT" and each.under_con_id == con_id]

    def derivatives(self, contract: Contract) -> list[str]:
        """Types listed on it."""
        return sorted({each.sec_type for each in self.contracts if each.under_con_id == contract.con_id})


def _listed(today: date) -> Iterator[Contract]:
    yield from _stocks()
    yield from _futures(
        "ES", 600_000_000, "E-mini S&P 500", "CME", "50", "0.25", "6000", "SPX", 416904, _quarters(today)
    )
    yield from _futures(
        "CL", 610_000_000, "Light Sweet Crude Oil", "NYMEX", "1000", "0.01", "70", "CL", 0, _months(today)
    )
    yield from _options(today)
    yield _currency("EUR", 12087792, "1.08")
    yield _currency("GBP", 12087797, "1.27")
    yield Contract(
        con_id=479624278, symbol="BTC", sec_type="CRYPTO", exchange="PAXOS", exchanges=("PAXOS", "ZEROHASH"),
        local_symbol="BTC.USD", trading_class="BTC", long_name="Bitcoin", market_name="BTC.USD", hours=_ALWAYS,
        tick=Decimal("0.25"), min_size=Decimal("0.00000001"), size_increment=Decimal("0.00000001"),
        suggested_size=Decimal("0.001"), lot=Decimal("0.0001"), base=Decimal(90_000), margin=Decimal(1),
    )  # fmt: skip
    yield Contract(
        con_id=416904, symbol="SPX", sec_type="IND", exchange="CBOE", exchanges=("CBOE",), local_symbol="SPX",
        trading_class="SPX", long_name="S&P 500 Stock Index", market_name="SPX", time_zone=CHICAGO, hours="0830-1500",
        base=Decimal(6000), quoted=False, tradable=False,
    )  # fmt: skip
    yield Contract(
        con_id=111987407, symbol="IBUS500", sec_type="CFD", exchange="SMART", exchanges=("SMART",),
        local_symbol="IBUS500", trading_class="IBUS500", long_name="US 500", market_name="IBUS500", hours=_ALWAYS,
        under_con_id=416904, under_symbol="SPX", under_sec_type="IND", base=Decimal(6000), margin=Decimal("0.05"),
    )  # fmt: skip
    yield Contract(
        con_id=120549942, symbol="AAPL", sec_type="CFD", exchange="SMART", exchanges=("SMART",), local_symbol="AAPLn",
        trading_class="AAPLn", long_name="APPLE INC", market_name="AAPLn", under_con_id=AAPL, under_symbol="AAPL",
        under_sec_type="STK", base=Decimal(230), margin=Decimal("0.2"), reroute=AAPL,
    )  # fmt: skip


def _stocks() -> Iterator[Contract]:
    fraction = Decimal("0.0001")
    yield _stock("AAPL", AAPL, "APPLE INC", "NASDAQ", "230", increment=fraction)
    yield _stock("MSFT", 272093, "MICROSOFT CORP", "NASDAQ", "420")
    yield _stock("SPY", 756733, "SS SPDR S&P 500 ETF TRUST-US", "ARCA", "600", kind="ETF")
    # Two of one name: a request without currency or exchange cannot mean one of them.
    yield _stock("ABX", 700_000_001, "ABACUS LIFE INC", "NYSE", "9")
    yield _stock("ABX", 700_000_002, "BARRICK GOLD CORP", "TSE", "28", currency="CAD", exchanges=("SMART", "TSE"))
    # Live data not subscribed: 354, or delayed data for who asks for them.
    yield _stock(
        "SIE",
        700_000_003,
        "SIEMENS AG-REG",
        "IBIS",
        "180",
        currency="EUR",
        exchanges=("SMART", "IBIS"),
        permitted=False,
    )


def _stock(
    symbol: str,
    con_id: int,
    name: str,
    primary: str,
    base: str,
    *,
    kind: str = "COMMON",
    currency: str = "USD",
    exchanges: tuple[str, ...] = _STOCK_EXCHANGES,
    increment: Decimal = Decimal(1),
    permitted: bool = True,
) -> Contract:
    return Contract(
        con_id=con_id, symbol=symbol, sec_type="STK", currency=currency, exchange="SMART", primary=primary,
        exchanges=exchanges, local_symbol=symbol, trading_class="NMS" if primary == "NASDAQ" else symbol,
        long_name=name, market_name="NMS" if primary == "NASDAQ" else symbol, stock_type=kind, min_size=increment,
        size_increment=increment, suggested_size=Decimal(100), base=Decimal(base), permitted=permitted,
    )  # fmt: skip


def _futures(
    symbol: str,
    first_id: int,
    name: str,
    exchange: str,
    multiplier: str,
    tick: str,
    base: str,
    under: str,
    under_id: int,
    expiries: Iterable[tuple[date, date]],
) -> Iterator[Contract]:
    """One for each (delivery month, last trading day), then the continuous one."""
    for place, (month, expiry) in enumerate(expiries):
        contract = Contract(
            con_id=first_id + month.year * 12 + month.month, symbol=symbol, sec_type="FUT", exchange=exchange,
            exchanges=(exchange, "QBALGO"), local_symbol=f"{symbol}{'FGHJKMNQUVXZ'[month.month - 1]}{month.year % 10}",
            trading_class=symbol, expiry=f"{expiry:%Y%m%d}", multiplier=multiplier, long_name=name, market_name=symbol,
            under_con_id=under_id, under_symbol=under, under_sec_type="IND", time_zone=CHICAGO, hours=_FUTURES_HOURS,
            tick=Decimal(tick), base=Decimal(base) + place * 5 * Decimal(tick), margin=Decimal("0.08"),
        )  # fmt: skip
        yield contract
        if not place:
            yield _continuous(contract)


def _continuous(front: Contract) -> Contract:
    return replace(front, sec_type="CONTFUT", tradable=False)


def _options(today: date) -> Iterator[Contract]:
    base = Decimal(230)
    for month, (_, expiry) in enumerate(_months(today, third_friday=True)[:3], 1):
        for strike in _OPTION_STRIKES:
            for right in "CP":
                intrinsic = max(Decimal(0), base - strike if right == "C" else strike - base)
                number = int(f"{expiry:%y%m%d}") * 1000 + strike * 2 + (right == "P")
                yield Contract(
                    con_id=number, symbol="AAPL", sec_type="OPT", exchange="SMART", exchanges=_OPTION_EXCHANGES,
                    local_symbol=f"AAPL  {expiry:%y%m%d}{right}{strike * 1000:08}", trading_class="AAPL",
                    expiry=f"{expiry:%Y%m%d}", strike=Decimal(strike), right=right, multiplier="100",
                    long_name="APPLE INC", market_name="AAPL", under_con_id=AAPL, under_symbol="AAPL",
                    under_sec_type="STK", base=intrinsic + month * 3, margin=Decimal("0.2"),
                )  # fmt: skip


def _currency(symbol: str, con_id: int, base: str) -> Contract:
    return Contract(
        con_id=con_id, symbol=symbol, sec_type="CASH", exchange="IDEALPRO", exchanges=("IDEALPRO", "SMART"),
        local_symbol=f"{symbol}.USD", trading_class=f"{symbol}.USD", long_name=f"{symbol}.USD",
        market_name=f"{symbol}.USD", hours="1715-1700", tick=Decimal("0.00005"), lot=Decimal(25_000),
        base=Decimal(base), margin=Decimal("0.03"), traded=False,
    )  # fmt: skip


def _quarters(today: date) -> list[tuple[date, date]]:
    listed = [(month, _third_friday(month)) for month in _ahead(today, 16) if month.month % 3 == 0]
    return [each for each in listed if each[1] >= today][:4]


def _months(today: date, *, third_friday: bool = False) -> list[tuple[date, date]]:
    """Crude oil stops trading some days before its delivery month."""
    listed = [
        (month, _third_friday(month) if third_friday else month - timedelta(days=11)) for month in _ahead(today, 9)
    ]
    return [each for each in listed if each[1] >= today][:6]


def _ahead(today: date, count: int) -> list[date]:
    months = [today.year * 12 + today.month - 1 + n for n in range(count)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _third_friday(month: date) -> date:
    return month + timedelta(days=(4 - month.weekday()) % 7 + 14)


def _listing(contract: Contract, today: date) -> Listing:
    return Listing(
        symbol=contract.row,
        exchange=contract.exchange,
        name=contract.long_name,
        product=contract.symbol,
        kind=Kind.FUTURE,
        multiplier=1,
        tick=float(contract.tick),
        base=float(contract.base),
        hours=Hours.DAY,
        year=today.year,
        month=today.month,
        listed=today,
        expires=today,
    )
