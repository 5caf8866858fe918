"""One instrument's market, message by message: nothing lost, nothing invented."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.contract import Contract, Product
from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import TickFlag
from marketbus.gateways.ib.depth import ASK, BID, DELETE, INSERT, UPDATE, Depth, Misplaced
from marketbus.gateways.ib.hours import Hours
from marketbus.gateways.ib.quote import BadValue, Quote, exact, rt_volume

AAPL = Contract("ib", "AAPL-USD-STK", Exchange.SMART, "APPLE INC", Product.EQUITY, 1.0, 0.01)
NOW = 1_795_184_000_000_000_000
BID_PRICE, ASK_PRICE, LAST, BID_SIZE, CLOSE, VOLUME = 1, 2, 4, 0, 9, 8


def test_a_price_with_its_size_is_a_level_and_its_repeat_is_no_news() -> None:
    quote = Quote()
    assert quote.price(BID_PRICE, 230.25, 300)
    assert not quote.size(BID_SIZE, 300)
    assert quote.size(BID_SIZE, 200)
    tick = quote.tick(AAPL, NOW, NOW, 20261120, 0)
    assert (tick.bid_price_1, tick.bid_volume_1, tick.ask_volume_1) == (230.25, 200.0, 0.0)
    assert tick.flags == TickFlag.NO_LAST


@pytest.mark.parametrize("price", [-1.0, 0.0, 1.7976931348623157e308])
def test_what_means_no_price_never_leaves(price: float) -> None:
    quote = Quote()
    quote.price(BID_PRICE, 230.25, 300)
    for kind in (BID_PRICE, ASK_PRICE, LAST, CLOSE):
        quote.price(kind, price, 0)
    tick = quote.tick(AAPL, NOW, NOW, 20261120, 0)
    assert (tick.bid_price_1, tick.bid_volume_1, tick.last_price, tick.pre_close) == (0.0, 0.0, 0.0, None)


def test_a_negative_price_with_a_size_is_one() -> None:
    """Spreads, and crude oil on one day in April 2020."""
    quote = Quote()
    quote.price(BID_PRICE, -1.0, 5)
    quote.price(LAST, -37.63, 1)
    tick = quote.tick(AAPL, NOW, NOW, 20261120, 0)
    assert (tick.bid_price_1, tick.bid_volume_1, tick.last_price) == (-1.0, 5.0, -37.63)


@pytest.mark.parametrize(("price", "size"), [(math.nan, 1), (math.inf, 1), (230.0, math.nan), (230.0, -1)])
def test_what_is_no_number_is_refused(price: float, size: float) -> None:
    with pytest.raises(BadValue):
        Quote().price(BID_PRICE, price, size)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=20))
def test_sizes_are_as_they_were_written(units: list[int]) -> None:
    """Crypto is counted in 1e-8, and 0.1 + 0.2 is 0.3."""
    assert exact(sum(each / 1e8 for each in units)) == pytest.approx(sum(units) / 1e8, abs=1e-12)
    assert exact(0.1 + 0.2) == 0.3
    assert str(exact(units[0] / 1e8)) == str(units[0] / 1e8)


def test_a_trade_in_words_carries_its_own_time() -> None:
    trade = rt_volume("701.28;1;1348075471534;67854;701.46918464;true")
    assert trade == (701.28, 1.0, 1_348_075_471_534_000_000, 67854.0, 701.46918464)
    assert rt_volume(";0;1348075471534;;;false").price is None
    with pytest.raises(ValueError, match="unpack"):
        rt_volume("701.28;1")


def test_a_trade_on_the_second_is_not_told_before_the_quote_that_it_followed() -> None:
    quote = Quote()
    assert quote.time(0, NOW + 400_000_000) == (NOW + 400_000_000, TickFlag.DATE_INFERRED)
    assert quote.time(NOW, NOW + 500_000_000) == (NOW + 400_000_000, 0)
    assert quote.time(NOW - 60_000_000_000, NOW) == (NOW - 60_000_000_000, 0)


def test_volume_since_the_last_tick_is_told_with_each() -> None:
    quote = Quote()
    volumes: list[float] = []
    for total in (100.0, 103.0, 103.0, 110.5):
        quote.size(VOLUME, total)
        volumes.append(quote.tick(AAPL, NOW, NOW, 20261120, 0).last_volume)
        quote.was_told()
    assert volumes == [0.0, 3.0, 0.0, 7.5]


changes = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([INSERT, UPDATE, DELETE]), st.integers(1, 900), st.integers(1, 50)),
    max_size=60,
)


@given(changes)
def test_a_book_is_what_a_list_would_be(events: list[tuple[int, int, int, int]]) -> None:
    book, model = Depth(), list[tuple[float, float]]()
    for position, operation, price, size in events:
        row = (float(price), float(size))
        there = position < len(model)
        if operation == INSERT and position <= len(model) < 20:
            model.insert(position, row)
        elif operation == UPDATE and there:
            model[position] = row
        elif operation == UPDATE and position == len(model) < 20:
            model.append(row)
        elif operation == DELETE and there:
            del model[position]
        else:
            if operation != INSERT and not (operation == UPDATE and position == len(model)):
                with pytest.raises(Misplaced):
                    book.change(position, operation, BID, *row)
            continue
        book.change(position, operation, BID, *row)
    assert [tuple(level) for level in book.bids] == model
    assert not book.asks


def test_rows_of_several_exchanges_are_one_level() -> None:
    quote = Quote()
    quote.depth = Depth()
    for price, size in ((100.0, 1.0), (100.0, 0.2), (99.0, 3.0), (99.0, 0.0), (98.0, 4.0)):
        quote.depth.change(len(quote.depth.bids), INSERT, BID, price, size)
    tick = quote.tick(AAPL, NOW, NOW, 20261120, 0)
    assert [tick.bid_price_1, tick.bid_price_2, tick.bid_price_3, tick.bid_price_4] == [100.0, 99.0, 98.0, 0.0]
    assert [tick.bid_volume_1, tick.bid_volume_2, tick.bid_volume_3, tick.ask_volume_1] == [1.2, 3.0, 4.0, 0.0]


def test_an_insert_moves_down_and_a_delete_moves_up() -> None:
    book = Depth()
    for price in (100.0, 99.0, 98.0):
        book.change(len(book.asks), INSERT, ASK, price, 1)
    book.change(1, INSERT, ASK, 99.5, 2)
    book.change(0, DELETE, ASK, 0, 0)
    assert [level.price for level in book.asks] == [99.5, 99.0, 98.0]


def test_a_session_belongs_to_the_day_it_ends_on() -> None:
    """Source: tradingHours of ES; Chicago is UTC-6 in November."""
    hours = Hours("US/Central", "20261119:1700-20261120:1600;20261121:CLOSED;20261122:1700-20261123:1600")
    assert hours.trading_day(_utc("2026-11-19T23:30")) == 20261120
    assert hours.trading_day(_utc("2026-11-20T21:59")) == 20261120
    assert hours.trading_day(_utc("2026-11-22T23:01")) == 20261123
    assert Hours("Europe/Berlin", "").trading_day(_utc("2026-11-20T23:30")) == 20261121
    assert Hours("nowhere", "rubbish;x-y").trading_day(_utc("2026-11-20T23:30")) == 20261120


def _utc(text: str) -> int:
    from datetime import UTC, datetime

    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9
