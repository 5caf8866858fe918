"""Listings as the raw frames that answer ReqQryInstrument."""

from datetime import date

import numpy as np

from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.ctp_family.layout import Layout, cut
from marketbus.lab.instruments import Kind, Listing

CALLBACK = "OnRspQryInstrument"
_CHUNK = 256


class ContractBook:
    """Every listing's struct, packed once."""

    def __init__(self, dialect: Dialect, layout: Layout, listings: list[Listing], today: date) -> None:
        self._number, struct = layout.messages["td"].callback(CALLBACK)
        self._listings = listings
        dtype = layout.dtype(struct)
        records = np.zeros(len(listings), dtype)
        columns: dict[str, list[object]] = {
            "InstrumentID": [each.symbol for each in listings],
            "ExchangeInstID": [each.symbol for each in listings],
            "InstrumentName": [each.name for each in listings],
            "ExchangeID": [each.exchange for each in listings],
            "ProductID": [each.product for each in listings],
            "ProductClass": [dialect.product_classes[each.kind] for each in listings],
            "DeliveryYear": [each.year for each in listings],
            "DeliveryMonth": [each.month for each in listings],
            "VolumeMultiple": [each.multiplier for each in listings],
            "PriceTick": [each.tick for each in listings],
            "CreateDate": [f"{each.listed:%Y%m%d}" for each in listings],
            "OpenDate": [f"{each.listed:%Y%m%d}" for each in listings],
            "ExpireDate": [f"{each.expires:%Y%m%d}" for each in listings],
            "StartDelivDate": [f"{each.expires:%Y%m%d}" for each in listings],
            "EndDelivDate": [f"{each.expires:%Y%m%d}" for each in listings],
            "IsTrading": [int(each.listed <= today <= each.expires) for each in listings],
            "UnderlyingInstrID": [each.underlying or each.product for each in listings],
            "StrikePrice": [each.strike for each in listings],
            "OptionsType": [("1" if each.call else "2") if each.kind is Kind.OPTION else "" for each in listings],
        }
        for name in dialect.columns(listings[0]):
            columns[name] = [dialect.columns(each)[name] for each in listings]
        for name, values in columns.items():
            field = dtype[name]
            if field.kind == "S":
                records[name] = [cut(str(value), max(field.itemsize - 1, 1)) for value in values]
            else:
                records[name] = values
        for name, value in (("MaxMarketOrderVolume", 30), ("MaxLimitOrderVolume", 500)):
            records[name] = value
        for name in ("MinMarketOrderVolume", "MinLimitOrderVolume", "UnderlyingMultiple"):
            records[name] = 1
        for name, char in (("InstLifePhase", b"1"), ("PositionType", b"2"), ("MaxMarginSideAlgorithm", b"0")):
            records[name] = char
        # Only Shanghai tells yesterday's positions from today's.
        records["PositionDateType"] = [b"1" if each.exchange in {"SHFE", "INE"} else b"2" for each in listings]
        records["LongMarginRatio"] = records["ShortMarginRatio"] = 0.12
        self._records = records

    def chunks(self, request: int, symbol: str, exchange: str, product: str) -> list[bytes]:
        """The answer in pieces; one empty frame when nothing fits."""
        chosen = [
            row
            for row, each in enumerate(self._listings)
            if symbol in {"", each.symbol} and exchange in {"", each.exchange} and product in {"", each.product}
        ]
        if not chosen:
            return [frame.encode(self._number, request, None, None, last=True)]
        frames = [
            frame.encode(self._number, request, self._records[row].tobytes(), None, last=row == chosen[-1])
            for row in chosen
        ]
        return [b"".join(frames[at : at + _CHUNK]) for at in range(0, len(frames), _CHUNK)]
