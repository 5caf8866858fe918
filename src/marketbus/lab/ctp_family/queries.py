"""What the trading front answers to queries, under the counter's flow control."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.contracts import ContractBook
from marketbus.lab.ctp_family.front import Session
from marketbus.lab.ctp_family.layout import ENCODING, Layout, cut
from marketbus.lab.ctp_family.orders import OrderDesk
from marketbus.lab.ctp_family.records import (
    Fields,
    account_fields,
    cost_fields,
    detail_fields,
    fee_fields,
    margin_fields,
    position_fields,
)
from marketbus.lab.ctp_family.replies import Replies, error
from marketbus.lab.ctp_family.venue import Venue
from marketbus.lab.trading import Account

_SOONEST_S = 0.5
"""Counters take one query a second. The library keeps to that by its own clock; what arrives somewhat sooner after the
last one was late on the way, what arrives sooner than this was never held back."""
_TOO_FAST = 90
_CHUNK = 64
_CONTENT = 500


class QueryDesk:
    """Answers ReqQry...; long answers are sent as fast as they are taken."""

    def __init__(self, layout: Layout, venue: Venue, orders: OrderDesk, contracts: ContractBook) -> None:
        self.contracts = contracts
        self._layout = layout
        self._venue = venue
        self._orders = orders
        self._replies = Replies(layout, "td")
        self._asked_at: dict[Session, float] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def leave(self, session: Session) -> None:
        """It is gone."""
        self._asked_at.pop(session, None)

    async def close(self) -> None:
        """Stops sending long answers."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def receive(self, session: Session, user: str, broker: str, method: str, request: int, asked: Fields) -> None:
        """Answers one query; what is not played finds nothing."""
        name = "OnRsp" + method.removeprefix("Req")
        now = time.monotonic()
        if now - self._asked_at.get(session, -_SOONEST_S) < _SOONEST_S:
            number, _ = self._layout.messages["td"].callback(name)
            self._send(session, [frame.encode(number, request, None, error(_TOO_FAST), last=True)])
            return
        self._asked_at[session] = now
        if method == "ReqQryInstrument":
            self._send(session, self.contracts.chunks(
                request, asked["InstrumentID"], asked["ExchangeID"], asked["ProductID"]
            ))  # fmt: skip
            return
        answer = getattr(self, "_" + method.removeprefix("ReqQry").lower(), None)
        if answer is None:
            self._replies.refuse(session, method, request, {})
            return
        found: Iterable[Fields | bytes] = answer(self._orders.counter.account(user), broker, asked)
        self._send(session, self._chunks(name, request, list(found)))

    def _chunks(self, name: str, request: int, records: list[Fields | bytes]) -> Iterator[bytes]:
        """The answer in pieces; one frame without a struct when there is nothing."""
        number, struct = self._layout.messages["td"].callback(name)
        if not records:
            yield frame.encode(number, request, None, None, last=True)
        for at in range(0, len(records), _CHUNK):
            yield b"".join(
                frame.encode(number, request, self._packed(struct, record), None, last=record is records[-1])
                for record in records[at : at + _CHUNK]
            )

    def _packed(self, struct: str, record: Fields | bytes) -> bytes:
        if isinstance(record, bytes):
            return record
        return self._layout.pack(struct, **self._layout.fitting(struct, record))

    def _send(self, session: Session, chunks: Iterable[bytes]) -> None:
        async def send() -> None:
            for chunk in chunks:
                session.send(chunk)
                await session.drained()

        task = asyncio.get_running_loop().create_task(send())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    # One method for each query that is played, by its name.

    def _order(self, account: Account, _: str, asked: Fields) -> Iterator[bytes]:
        wanted = asked["OrderSysID"].strip()
        for order in account.orders:
            if _fits(asked, order.terms.symbol, order.terms.exchange, order.inserted, "InsertTime") and (
                wanted in {"", order.venue_id.strip()}
            ):
                yield self._orders.order_record(order)

    def _trade(self, account: Account, _: str, asked: Fields) -> Iterator[bytes]:
        wanted = asked["TradeID"].strip()
        for trade in account.trades:
            terms = trade.order.terms
            if _fits(asked, terms.symbol, terms.exchange, trade.moment, "TradeTime") and (
                wanted in {"", trade.venue_id.strip()}
            ):
                yield self._orders.trade_record(trade)

    def _tradingaccount(self, account: Account, broker: str, _: Fields) -> Iterator[Fields]:
        yield account_fields(account, broker, self._day)

    def _investorposition(self, account: Account, broker: str, asked: Fields) -> Iterator[Fields]:
        for bucket in account.buckets.values():
            # What was closed whole today is still told, as counters do.
            if _fits(asked, bucket.terms.symbol, bucket.terms.exchange) and (bucket.volume or bucket.close_volume):
                yield position_fields(account, bucket, broker, self._day)

    def _investorpositiondetail(self, account: Account, broker: str, asked: Fields) -> Iterator[Fields]:
        for bucket in account.buckets.values():
            if _fits(asked, bucket.terms.symbol, bucket.terms.exchange):
                yield from detail_fields(account, bucket, broker, self._day)

    def _instrumentmarginrate(self, account: Account, broker: str, asked: Fields) -> Iterator[Fields]:
        for symbol in self._instruments(account, asked):
            yield margin_fields(self._orders.counter.terms[symbol], broker, account.user)

    def _optioninstrtradecost(self, account: Account, broker: str, asked: Fields) -> Iterator[Fields]:
        settled = self._venue.settlement()
        for symbol in self._instruments(account, asked):
            terms = self._orders.counter.terms[symbol]
            if terms.option:
                yield cost_fields(terms, settled[symbol], broker, account.user)

    def _optioninstrcommrate(self, account: Account, broker: str, asked: Fields) -> Iterator[Fields]:
        return self._instrumentcommissionrate(account, broker, asked)

    def _instrumentcommissionrate(self, account: Account, broker: str, asked: Fields) -> Iterator[Fields]:
        exchange = self._venue.exchange
        for symbol in self._instruments(account, asked):
            listing = exchange.listings[exchange.rows[symbol]]
            yield fee_fields(self._orders.counter.terms[symbol], listing, broker, account.user)

    def _settlementinfo(self, account: Account, broker: str, asked: Fields) -> Iterator[Fields]:
        day = _day(asked["TradingDay"]) or max(account.statements, default=None)
        if day is None or day not in account.statements:
            return
        head = {"BrokerID": broker, "InvestorID": account.user, "AccountID": account.user, "CurrencyID": "CNY"}
        for number, text in enumerate(_pieces(account.statements[day]), 1):
            yield head | {
                "TradingDay": f"{day:%Y%m%d}",
                "SettlementID": 1,
                "SequenceNo": number,
                "Content": text,
            }

    def _settlementinfoconfirm(self, account: Account, broker: str, _: Fields) -> Iterator[Fields]:
        if account.confirmed:
            now = self._venue.now()
            times = {"ConfirmDate": f"{now:%Y%m%d}", "ConfirmTime": f"{now:%H:%M:%S}"}
            yield {"BrokerID": broker, "InvestorID": account.user} | times

    def _instruments(self, account: Account, asked: Fields) -> list[str]:
        """What rates were asked for: of one instrument, or of all that are held."""
        symbol: str = asked["InstrumentID"]
        if symbol:
            return [symbol] if symbol in self._orders.counter.terms else []
        return sorted({symbol for (symbol, *_), bucket in account.buckets.items() if bucket.volume})

    @property
    def _day(self) -> date:
        return self._venue.trading_day()


def _fits(asked: Fields, symbol: str, exchange: str, moment: datetime | None = None, prefix: str = "") -> bool:
    if asked["InstrumentID"] not in {"", symbol} or asked["ExchangeID"] not in {"", exchange}:
        return False
    if moment is None:
        return True
    begin, end, at = asked[prefix + "Start"], asked[prefix + "End"], f"{moment:%H:%M:%S}"
    return (not begin or begin <= at) and (not end or at <= end)


def _pieces(text: str) -> Iterator[str]:
    """A long text in CTP's pieces of a field's size, never half a character."""
    while text:
        piece = cut(text, _CONTENT).decode(ENCODING)
        yield piece
        text = text[len(piece) :]


def _day(text: Any) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date() if text else None
    except ValueError:
        return None
