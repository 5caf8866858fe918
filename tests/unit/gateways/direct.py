"""The core beside its twin in Python, and records as venues and their enemies send them."""

import math
import struct
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from marketbus.adapters.hours import cn_hours
from marketbus.application.market_data import MarketData
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.contract import Contract, Product
from marketbus.domain.exchange_time import ExchangeTime
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.tick import Tick
from marketbus.domain.times import SHANGHAI, from_datetime
from marketbus.domain.trading_hours import TradingHours
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.direct import library
from marketbus.gateways.ctp_family.direct.answers import Answers
from marketbus.gateways.ctp_family.direct.core import Core
from marketbus.gateways.ctp_family.direct.text import decode
from marketbus.gateways.ctp_family.symbols import Symbols
from marketbus.gateways.ctp_family.translate import BadTick, Translator
from marketbus.gateways.native_ticks import NativeTicks
from marketbus.lab.ctp_family import Dialect as CounterDialect
from marketbus.lab.ctp_family import build
from marketbus.wire import codec
from tests.unit.application.fakes import FakeTicks

EPOCH = 7
HOLIDAYS = {date(2026, 10, day) for day in range(1, 9)}
DAYS = TradingCalendar(lambda day: day in HOLIDAYS)
MARKET = MarketCalendar(DAYS, TradingHours(cn_hours()))
SYMBOLS = {
    "rb2701": Exchange.SHFE, "au2612": Exchange.SHFE, "sc2701": Exchange.INE, "m2701": Exchange.DCE,
    "i2701": Exchange.DCE, "SA701": Exchange.CZCE, "SR701": Exchange.CZCE, "SPD RM501&RM503": Exchange.CZCE,
    "IF2612": Exchange.CFFEX, "si2701": Exchange.GFEX, "qq9999": Exchange.SHFE, "10008888": Exchange.SSE,
    "豆粕2701": Exchange.DCE,
}  # fmt: skip
MOMENTS = [
    datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    for text in (
        "2026-11-20T09:00:00", "2026-11-20T10:15:00", "2026-11-20T14:59:58", "2026-11-20T15:00:01",
        "2026-11-19T20:58:00", "2026-11-19T21:05:00", "2026-11-20T23:59:59", "2026-11-21T00:00:05",
        "2026-11-21T02:29:59", "2026-11-22T11:00:00", "2026-09-30T21:01:00", "2026-10-09T08:59:00",
        "2026-11-20T17:59:59", "2026-11-20T06:00:00", "2026-11-20T18:00:00", "2026-11-20T12:40:00",
    )
]  # fmt: skip


class Field(NamedTuple):
    """One member of the record: `code` of struct, or `<n>s`."""

    offset: int
    code: str
    size: int


class Shape(NamedTuple):
    """The record of one SDK."""

    size: int
    fields: dict[str, Field]

    def pack(self, values: dict[str, Any]) -> bytes:
        """Text as str or as the venue's bytes."""
        data = bytearray(self.size)
        for name, value in values.items():
            offset, code, size = self.fields[name]
            if code.endswith("s"):
                raw = value if isinstance(value, bytes) else value.encode("gb18030")
                data[offset : offset + size] = raw[:size].ljust(size, b"\0")
            else:
                struct.pack_into("=" + code, data, offset, value)
        return bytes(data)

    def unpack(self, data: bytes) -> dict[str, Any]:
        """As vnpy's binding hands it over."""
        found: dict[str, Any] = {}
        for name, (offset, code, size) in self.fields.items():
            if code.endswith("s"):
                found[name] = decode(data[offset : offset + size].split(b"\0", 1)[0])
            else:
                (found[name],) = struct.unpack_from("=" + code, data, offset)
        return found


def shape(lab: CounterDialect) -> Shape:
    """As the lab read it from the vendor's headers."""
    layouts = msgspec.json.decode((build.ensure(lab) / build.LAYOUTS).read_bytes())["structs"]
    record = layouts["CThostFtdcDepthMarketDataField"]
    codes = {"double": "d", "int": "i", "char": "s", "long long": "q"}
    fields = {name: Field(offset, codes[kind], max(count, 1)) for name, kind, offset, count in record["fields"]}
    return Shape(record["size"], fields)


class Twins:
    """Both ways for the same records."""

    def __init__(self, dialect: Dialect, built: Path, shape: Shape) -> None:
        self.shape = shape
        self.rejects: tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]] = ([], [])
        self.symbols = Symbols(), Symbols()
        python, native = (self._translator(dialect, symbols) for symbols in self.symbols)
        self.translate = python.tick
        self.published = FakeTicks()
        self.market_data = MarketData(EPOCH, self.published)

        def reject(cause: str, symbol: str, detail: str) -> None:
            self.rejects[1].append((cause, symbol, detail))

        answers = Answers(native, MARKET, reject)
        self.core = Core(library.load(built), "ctp", EPOCH, native.flags, answers, None, None)
        self.ticks = NativeTicks(self.core)
        self.symbols[1].changed = self.core.forget

    def _translator(self, dialect: Dialect, symbols: Symbols) -> Translator:
        symbols.list(contracts())
        return Translator(dialect, "ctp", symbols, ExchangeTime(DAYS), MARKET, simulated=True)

    def python(self, record: bytes, received: int, now: int) -> Tick | None:
        """The numbered tick, None for a rejected record."""
        data = self.shape.unpack(record)
        try:
            tick = self.translate(data, received, now)
        except BadTick as bad:
            self.rejects[0].append((bad.cause, data["InstrumentID"], str(bad)))
            return None
        self.market_data.tick(tick)
        return tick

    def same(self, record: bytes, received: int, now: int) -> Tick | None:
        """Give it to both and compare all that can be seen."""
        tick = self.python(record, received, now)
        taken = self.core.take(record, received, now)
        assert self.rejects[0] == self.rejects[1], record.hex()
        self.rejects[0].clear()
        self.rejects[1].clear()
        assert taken == (tick is not None), record.hex()
        if tick is not None and tick.seq:
            assert self.core.last(tick.vt_symbol) == codec.encode(tick), (record.hex(), tick)
        return tick

    def close(self) -> None:
        """No SDK is behind it."""
        self.core.release()


def contracts() -> Iterator[Contract]:
    """Some have no multiplier and no name."""
    for number, (symbol, exchange) in enumerate(SYMBOLS.items()):
        name = "" if number % 3 == 0 else f"合约{symbol}"
        yield Contract("ctp", symbol, exchange, name, Product.FUTURES, (0, 10, 5, 300)[number % 4], 1)


NUMBERS = [
    0.0, -0.0, 5e-324, 1e15, -1e15, math.nextafter(1e15, 0), 3500.0, -12.5, math.nan, math.inf, -math.inf,
    sys.float_info.max, -sys.float_info.max,
]  # fmt: skip
COUNTS = [0, 1, -1, 7, 100, 2**31 - 1, -(2**31)]
DATES: list[Any] = ["", "00000000", "20269999", "2026112x", "20301120", "19920101", "19911231", "21000101", "20261120",
                    b"\xff" * 9, b"\xff\x41", "2026\x001120", "202611201"]  # fmt: skip
TIMES: list[Any] = ["", "24:00:00", "9:30:01", "09:30:60", "09:60:00", "09:3x:00", "093001", " 09:30:0", "23:59:59",
                    "00:00:00", "05:59:59", "06:00:00", "17:59:59", "18:00:00", b"\xb1" * 8, b"\xff" * 9,
                    "09:30:001"]  # fmt: skip
UNKNOWN: list[Any] = ["xx9999", "", b"\xff\xfe", "x" * 81]


class Records:
    """Random ones around the market's `now`: mostly as venues send them, some as they should not."""

    def __init__(self, random: Random, shape: Shape) -> None:
        self._random = random
        self._shape = shape
        self._volume = 0

    def next(self) -> tuple[bytes, int, int]:
        """The record, our clock and the market's."""
        random = self._random
        now = random.choice(MOMENTS) + timedelta(milliseconds=random.randrange(-90_000, 90_000))
        symbol = random.choice(list(SYMBOLS))
        at = now + timedelta(milliseconds=random.choice((-200, -1, 0, 500, random.randrange(-4_000_000, 700_000))))
        values = self._ordinary(symbol, SYMBOLS[symbol], at)
        if random.random() < 0.3:
            for _ in range(random.randrange(1, 6)):
                self._spoil(values)
        received = from_datetime(now) + random.randrange(1000)
        return self._shape.pack(values), received, from_datetime(now)

    def _ordinary(self, symbol: str, exchange: Exchange, at: datetime) -> dict[str, Any]:
        random = self._random
        day = DAYS.trading_day_of(from_datetime(at))
        action, trading = at.date(), day
        if exchange is Exchange.DCE:
            action = day
        elif exchange is Exchange.CZCE:
            trading = at.date()
        self._volume += random.randrange(4)
        price = round(random.uniform(-10, 9000), 2)
        values: dict[str, Any] = {
            "InstrumentID": symbol, "TradingDay": f"{trading:%Y%m%d}", "ActionDay": f"{action:%Y%m%d}",
            "UpdateTime": f"{at:%H:%M:%S}", "UpdateMillisec": at.microsecond // 1000, "Volume": self._volume,
            "LastPrice": price, "Turnover": price * self._volume, "OpenInterest": 5e5, "AveragePrice": price * 10,
            "PreSettlementPrice": price, "PreClosePrice": price, "OpenPrice": price, "HighestPrice": price + 1,
            "LowestPrice": price - 1, "UpperLimitPrice": price * 2, "LowerLimitPrice": price / 2,
            "SettlementPrice": sys.float_info.max, "PreOpenInterest": 4e5,
        }  # fmt: skip
        for level in range(1, 6):
            values[f"BidPrice{level}"], values[f"AskPrice{level}"] = price - level, price + level
            values[f"BidVolume{level}"], values[f"AskVolume{level}"] = random.randrange(3), random.randrange(30)
        return values

    def _spoil(self, values: dict[str, Any]) -> None:
        random = self._random
        name = random.choice(list(self._shape.fields))
        code = self._shape.fields[name].code
        if code == "d":
            values[name] = random.choice((*NUMBERS, struct.unpack("=d", random.randbytes(8))[0]))
        elif code in ("i", "q"):
            values[name] = random.choice((*COUNTS, random.randrange(1000), random.randrange(-(2**31), 2**31)))
        else:
            known = {"InstrumentID": UNKNOWN, "UpdateTime": TIMES}.get(name, DATES)
            values[name] = random.choice((*known, random.randbytes(9)))
