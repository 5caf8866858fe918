"""Orders, trades, positions and money as the fields of CTP's structs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from marketbus.lab.ctp_family import codes
from marketbus.lab.instruments import Listing
from marketbus.lab.trading import Account, Order, Side, Terms, Trade
from marketbus.lab.trading.position import Bucket

Fields = dict[str, Any]

_KEPT = ("UserID", "CombHedgeFlag", "GTDDate", "VolumeCondition", "MinVolume", "ContingentCondition",
         "StopPrice", "ForceCloseReason", "IsAutoSuspend", "BusinessUnit", "UserForceClose", "IsSwapOrder",
         "InvestUnitID", "OrderMemo", "SessionReqSeq")  # fmt: skip
"""Fields of the request that every order record repeats."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent an order, and what came with it: the order's `tag`."""

    front: int
    session: int
    number: int
    reference: str
    """The same as it was written."""
    request: int
    broker: str
    asked: Fields


def origin(order: Order) -> Origin:
    """Of an order of this counter."""
    assert isinstance(order.tag, Origin)
    return order.tag


def order_fields(order: Order, trading_day: date) -> Fields:
    """CThostFtdcOrderField, but for what `progress_fields` has."""
    sent, request = origin(order), order.request
    return {name: sent.asked[name] for name in _KEPT if name in sent.asked} | {
        "BrokerID": sent.broker,
        "InvestorID": order.account.user,
        "AccountID": order.account.user,
        "OrderRef": sent.reference,
        "InstrumentID": order.terms.symbol,
        "ExchangeInstID": order.terms.symbol,
        "ExchangeID": order.terms.exchange,
        "OrderPriceType": codes.PRICE_KINDS[request.kind],
        "Direction": codes.SIDES[request.side],
        "CombOffsetFlag": codes.OFFSETS[request.offset],
        "LimitPrice": float(request.price),
        "VolumeTotalOriginal": request.volume,
        "TimeCondition": codes.LIVES[request.life],
        "RequestID": sent.request,
        "OrderLocalID": f"{order.number:>12}",
        "ParticipantID": sent.broker,
        "ClientID": order.account.user,
        "TraderID": sent.broker,
        "OrderSource": "0",
        "OrderType": "0",
        "TradingDay": f"{trading_day:%Y%m%d}",
        "SettlementID": 1,
        "InsertDate": f"{order.inserted:%Y%m%d}",
        "InsertTime": _time(order.inserted),
        "SequenceNo": order.number,
        "BrokerOrderSeq": order.number,
        "FrontID": sent.front,
        "SessionID": sent.session,
        "CurrencyID": "CNY",
    }


def progress_fields(order: Order) -> Fields:
    """What changes of an order's record."""
    return {
        "OrderSubmitStatus": codes.submit_status(order),
        "OrderStatus": codes.STATES[order.state],
        "StatusMsg": codes.status_words(order),
        "OrderSysID": order.venue_id,
        "VolumeTraded": order.traded,
        "VolumeTotal": order.rest,
        "CancelTime": _time(order.done_at) if order.done_at is not None and order.rest else "",
    }


def trade_fields(trade: Trade, trading_day: date) -> Fields:
    """CThostFtdcTradeField."""
    order = trade.order
    sent = origin(order)
    return {
        "BrokerID": sent.broker,
        "InvestorID": order.account.user,
        "InstrumentID": order.terms.symbol,
        "ExchangeInstID": order.terms.symbol,
        "ExchangeID": order.terms.exchange,
        "OrderRef": sent.reference,
        "UserID": sent.asked["UserID"],
        "TradeID": trade.venue_id,
        "Direction": codes.SIDES[order.request.side],
        "OrderSysID": order.venue_id,
        "ParticipantID": sent.broker,
        "ClientID": order.account.user,
        "OffsetFlag": codes.OFFSETS[order.request.offset],
        "HedgeFlag": "1",
        "Price": float(trade.price),
        "Volume": trade.volume,
        "TradeDate": f"{trade.moment:%Y%m%d}",
        "TradeTime": _time(trade.moment),
        "TradeType": "0",
        "OrderLocalID": f"{order.number:>12}",
        "TradingDay": f"{trading_day:%Y%m%d}",
        "SettlementID": 1,
        "BrokerOrderSeq": order.number,
        "TradeSource": "0",
    }


def account_fields(account: Account, broker: str, trading_day: date) -> Fields:
    """CThostFtdcTradingAccountField."""
    available = account.available
    return {
        "BrokerID": broker,
        "AccountID": account.user,
        "CurrencyID": "CNY",
        "TradingDay": f"{trading_day:%Y%m%d}",
        "SettlementID": 1,
        "PreBalance": float(account.before),
        "PreMargin": float(account.margin_before),
        "Deposit": float(max(account.deposit, 0)),
        "Withdraw": float(max(-account.deposit, 0)),
        "FrozenMargin": float(account.frozen_margin),
        "FrozenCash": float(account.frozen_cash),
        "FrozenCommission": float(account.frozen_fee),
        "CurrMargin": float(account.margin),
        "ExchangeMargin": float(account.margin),
        "CashIn": float(account.premium),
        "Commission": float(account.fee),
        "CloseProfit": float(account.close_profit),
        "PositionProfit": float(account.position_profit),
        "Balance": float(account.balance),
        "Available": float(available),
        "WithdrawQuota": float(max(available, 0)),
        "OptionValue": float(account.option_value),
    }


def position_fields(account: Account, bucket: Bucket, broker: str, trading_day: date) -> Fields:
    """CThostFtdcInvestorPositionField: one record, or two where the exchange keeps the days apart."""
    terms, frozen = bucket.terms, bucket.frozen
    # A position is closed by the opposite side: that side's field holds what is frozen of it.
    side = "ShortFrozen" if bucket.side is Side.BUY else "LongFrozen"
    return {
        "BrokerID": broker,
        "InvestorID": account.user,
        "InstrumentID": terms.symbol,
        "ExchangeID": terms.exchange,
        "PosiDirection": codes.LONG if bucket.side is Side.BUY else codes.SHORT,
        "HedgeFlag": "1",
        "PositionDate": codes.HISTORY if bucket.history else codes.TODAY,
        "YdPosition": bucket.before,
        "Position": bucket.volume,
        "TodayPosition": bucket.today,
        side: frozen,
        "OpenVolume": bucket.open_volume,
        "CloseVolume": bucket.close_volume,
        "OpenAmount": float(bucket.open_amount),
        "CloseAmount": float(bucket.close_amount),
        "PositionCost": float(bucket.cost),
        "OpenCost": float(bucket.open_cost),
        "UseMargin": float(bucket.margin),
        "ExchangeMargin": float(bucket.margin),
        "Commission": float(bucket.fee),
        "CloseProfit": float(bucket.close_profit),
        "CloseProfitByDate": float(bucket.close_profit),
        "PositionProfit": float(bucket.profit(account.last(terms.symbol))),
        "MarginRateByMoney": float(terms.margin),
        "TradingDay": f"{trading_day:%Y%m%d}",
        "SettlementID": 1,
    }


def detail_fields(account: Account, bucket: Bucket, broker: str, trading_day: date) -> Iterator[Fields]:
    """CThostFtdcInvestorPositionDetailField: one record per lot, those closed whole today included."""
    terms, last = bucket.terms, account.last(bucket.terms.symbol)
    for lot in (*bucket.closed_lots, *bucket.lots):
        cost = terms.turnover(lot.basis, lot.volume)
        profit = 0 if terms.option else (terms.turnover(last, lot.volume) - cost) * bucket.side.sign
        yield {
            "BrokerID": broker,
            "InvestorID": account.user,
            "InstrumentID": terms.symbol,
            "ExchangeID": terms.exchange,
            "HedgeFlag": "1",
            "Direction": codes.SIDES[bucket.side],
            "OpenDate": f"{lot.opened:%Y%m%d}",
            "TradeID": lot.trade_id,
            "Volume": lot.volume,
            "OpenPrice": float(lot.price),
            "TradingDay": f"{trading_day:%Y%m%d}",
            "SettlementID": 1,
            "TradeType": "0",
            "CloseProfitByDate": float(lot.closed_profit),
            "PositionProfitByDate": float(profit),
            "Margin": float(bucket.margin_of(cost, lot.volume)),
            "MarginRateByMoney": float(terms.margin),
            "LastSettlementPrice": 0.0 if lot.today else float(lot.basis),
            "CloseVolume": lot.closed,
            "CloseAmount": float(lot.closed_amount),
        }


def margin_fields(terms: Terms, broker: str, user: str) -> Fields:
    """CThostFtdcInstrumentMarginRateField."""
    names = ("LongMarginRatioByMoney", "ShortMarginRatioByMoney")
    return _rate(broker, user) | {
        "InstrumentID": terms.symbol,
        "ExchangeID": terms.exchange,
        "HedgeFlag": "1",
        **dict.fromkeys(names, float(terms.margin)),
    }


def cost_fields(terms: Terms, settled: Decimal, broker: str, user: str) -> Fields:
    """CThostFtdcOptionInstrTradeCostField: what a lot sold needs is its premium and a part that stays."""
    premium = terms.turnover(settled, 1)
    names = ("FixedMargin", "MiniMargin", "ExchFixedMargin", "ExchMiniMargin")
    return {
        "BrokerID": broker,
        "InvestorID": user,
        "InstrumentID": terms.symbol,
        "ExchangeID": terms.exchange,
        "HedgeFlag": "1",
        "Royalty": float(premium),
        **dict.fromkeys(names, float(terms.written - premium)),
    }


def fee_fields(terms: Terms, listing: Listing, broker: str, user: str) -> Fields:
    """CThostFtdcInstrumentCommissionRateField; like most real counters it names the product, not the contract."""
    rates = {
        f"{name}By{kind}": float(amount)
        for name, fee in (
            ("OpenRatio", terms.open),
            ("CloseRatio", terms.close),
            ("CloseTodayRatio", terms.close_today),
        )
        for kind, amount in (("Money", fee.money), ("Volume", fee.lot))
    }
    return _rate(broker, user) | {"InstrumentID": listing.product, "ExchangeID": terms.exchange} | rates


def _rate(broker: str, user: str) -> Fields:
    return {"BrokerID": broker, "InvestorID": user, "InvestorRange": "1"}


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"
