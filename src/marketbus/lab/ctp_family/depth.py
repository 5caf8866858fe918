"""Exchange ticks as raw OnRtnDepthMarketData frames, thousands at a time."""

from datetime import datetime
from typing import Any

import numpy as np

from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.ctp_family.layout import Layout, Structured
from marketbus.lab.exchange import LEVELS, Exchange, Floats, Ticks

ABSENT = float(np.finfo(np.float64).max)
"""DBL_MAX: how CTP says there is no such number."""

STRUCT = "CThostFtdcDepthMarketDataField"
CALLBACK = "OnRtnDepthMarketData"

# Exchanges whose members get five levels through CTP; the others send one.
_DEEP = ("SHFE", "INE", "SSE", "SZSE")
_NEVER_IN_SESSION = ("ClosePrice", "SettlementPrice", "PreDelta", "CurrDelta")


class DepthPacker:
    """Keeps one prepared frame per instrument and fills in what a tick changes."""

    def __init__(self, dialect: Dialect, layout: Layout, exchange: Exchange) -> None:
        self._action_day = dialect.action_day
        self._exchange = exchange
        number, _ = layout.messages["md"].callback(CALLBACK)
        tick = layout.dtype(STRUCT)
        size = tick.itemsize + -tick.itemsize % 8
        self.dtype = np.dtype(
            {
                "names": ["size", "message", "flags", "tick"],
                "formats": ["<u4", "<u2", "<u2", tick],
                "offsets": [0, 4, 6, frame.HEADER.size],
                "itemsize": frame.HEADER.size + size,
            }
        )
        self._blank: Structured = np.zeros(len(exchange.listings), self.dtype)
        self._blank["size"], self._blank["message"] = tick.itemsize, number
        self._blank["flags"] = frame.DATA | frame.LAST
        exchanges = np.array([listing.exchange for listing in exchange.listings])
        self._czce, self._dce = exchanges == "CZCE", exchanges == "DCE"
        self._deep = np.isin(exchanges, _DEEP)
        # AveragePrice is turnover / volume, of a whole lot; Zhengzhou alone divides by the multiplier.
        multipliers = np.array([listing.multiplier for listing in exchange.listings], np.float64)
        self._per_lot = np.where(self._czce, 1.0, multipliers)
        fields = self._blank["tick"]
        # ExchangeID stays empty: the real market data front does not send it.
        fields["InstrumentID"] = [listing.symbol.encode() for listing in exchange.listings]
        for name in _NEVER_IN_SESSION:
            fields[name] = ABSENT
        for level in range(2, LEVELS + 1):
            for side in ("Bid", "Ask"):
                fields[f"{side}Price{level}"] = ABSENT
        self.open_day()

    def open_day(self) -> None:
        """Takes over the figures that stay for a trading day."""
        fields = self._blank["tick"]
        fields["PreSettlementPrice"] = self._exchange.pre_settlement
        fields["PreClosePrice"] = self._exchange.pre_close
        fields["PreOpenInterest"] = self._exchange.pre_open_interest
        fields["UpperLimitPrice"] = self._exchange.upper_limit
        fields["LowerLimitPrice"] = self._exchange.lower_limit

    def pack(self, ticks: Ticks, moment: datetime) -> Structured:
        """Frames of `ticks`, all stamped with the market's `moment`; the array's bytes go on the wire as they lie."""
        # Copied as opaque bytes: numpy would otherwise copy field by field.
        frames = self._blank.view(f"V{self.dtype.itemsize}")[ticks.rows].view(self.dtype)
        fields = frames["tick"]
        self._stamp(fields, ticks, moment)
        fields["LastPrice"], fields["OpenPrice"] = ticks.last, ticks.open
        fields["HighestPrice"], fields["LowestPrice"] = ticks.high, ticks.low
        fields["Volume"], fields["Turnover"] = ticks.volume, ticks.turnover
        fields["OpenInterest"], fields["AveragePrice"] = ticks.open_interest, ticks.average * self._per_lot[ticks.rows]
        fields["BidPrice1"], fields["AskPrice1"] = _absent(ticks.bid[:, 0]), _absent(ticks.ask[:, 0])
        fields["BidVolume1"], fields["AskVolume1"] = ticks.bid_volume[:, 0], ticks.ask_volume[:, 0]
        deep = np.flatnonzero(self._deep[ticks.rows])
        if len(deep):
            for level in range(1, LEVELS):
                fields[f"BidPrice{level + 1}"][deep] = _absent(ticks.bid[deep, level])
                fields[f"AskPrice{level + 1}"][deep] = _absent(ticks.ask[deep, level])
                fields[f"BidVolume{level + 1}"][deep] = ticks.bid_volume[deep, level]
                fields[f"AskVolume{level + 1}"][deep] = ticks.ask_volume[deep, level]
        return frames

    def settle(self, frames: Structured, ticks: Ticks) -> None:
        """Adds what is known after the close: the day's average on the price grid, and the last price."""
        grid = self._exchange.tick[ticks.rows]
        frames["tick"]["SettlementPrice"] = np.round(np.rint(ticks.average / grid) * grid, 6)
        frames["tick"]["ClosePrice"] = ticks.last

    def _stamp(self, fields: Structured, ticks: Ticks, moment: datetime) -> None:
        # A snapshot replayed after the rollover has its old time, and the new trading day like every other field of it.
        trading, calendar = f"{self._exchange.trading_day:%Y%m%d}".encode(), f"{moment:%Y%m%d}".encode()
        fields["UpdateTime"] = f"{moment:%H:%M:%S}".encode()
        fields["UpdateMillisec"] = moment.microsecond // 1000
        fields["TradingDay"] = trading
        if not self._action_day:
            return
        fields["ActionDay"] = calendar
        if trading != calendar:
            # At night Dalian says the trading day twice, Zhengzhou the calendar day twice.
            fields["ActionDay"][self._dce[ticks.rows]] = trading
            fields["TradingDay"][self._czce[ticks.rows]] = calendar


def override(frames: Structured, layout: Layout, values: dict[str, Any]) -> None:
    """Overwrites raw fields of one frame: text as GB18030 filling the field (no NUL kept), {"hex": ...} as bytes."""
    dtype = layout.dtype(STRUCT)
    for name, value in values.items():
        if isinstance(value, dict):
            raw = bytes.fromhex(value["hex"])  # pyright: ignore[reportUnknownArgumentType]
            frames["tick"][name] = raw
        elif dtype[name].kind == "S":
            frames["tick"][name] = str(value).encode("gb18030", "replace")[: dtype[name].itemsize]
        else:
            frames["tick"][name] = ABSENT if value == "DBL_MAX" else value


def _absent(prices: Floats) -> Floats:
    return np.nan_to_num(prices, nan=ABSENT)
