from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketbus.lab.exchange import HISTORY, LEVELS, Exchange
from marketbus.lab.instruments import listings

DAY = date(2026, 11, 20)
LISTED = listings(DAY, 80)


def test_same_seed_same_market() -> None:
    one, two, other = (Exchange(LISTED, DAY, seed=seed) for seed in (1, 1, 2))
    rows = np.arange(len(LISTED))
    first, second, third = (market.step(rows, 20) for market in (one, two, other))
    assert np.array_equal(first.last, second.last)
    assert np.array_equal(first.bid, second.bid, equal_nan=True)
    assert not np.array_equal(first.last, third.last)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=8))
def test_batching_changes_nothing(rounds: list[int]) -> None:
    at_once, piecewise = Exchange(LISTED, DAY), Exchange(LISTED, DAY)
    row = np.array([3])
    whole = at_once.step(row, sum(rounds))
    parts = [piecewise.step(row, count) for count in rounds]
    for name in ("last", "open", "high", "low", "average", "volume", "turnover", "open_interest"):
        assert np.array_equal(getattr(whole, name), np.concatenate([getattr(part, name) for part in parts])), name


def test_the_days_figures_add_up() -> None:
    market = Exchange(LISTED, DAY, oracle=False)
    market.open_day(date(2026, 11, 23))
    row = np.array([0])
    ticks = market.step(row, 500)
    lots = np.diff(ticks.volume, prepend=0)
    assert np.all(lots > 0)
    assert ticks.open[0] == ticks.last[0]
    assert np.array_equal(ticks.high, np.maximum.accumulate(ticks.last))
    assert np.array_equal(ticks.low, np.minimum.accumulate(ticks.last))
    turnover = np.cumsum(lots * ticks.last * LISTED[0].multiplier)
    assert ticks.turnover == pytest.approx(turnover)
    assert ticks.average == pytest.approx(turnover / ticks.volume / LISTED[0].multiplier)


def test_volume_counts_ticks_in_oracle_mode() -> None:
    market = Exchange(LISTED, DAY)
    ticks = market.step(np.array([0, 1]), 3)
    assert ticks.rows.tolist() == [0, 1] * 3
    assert ticks.volume.tolist() == [HISTORY + 1] * 2 + [HISTORY + 2] * 2 + [HISTORY + 3] * 2


def test_prices_stay_within_the_limits_on_the_grid() -> None:
    market = Exchange(LISTED, DAY, seed=5)
    rows = np.arange(len(LISTED))
    ticks = market.step(rows, 3000)
    assert np.all(ticks.last <= market.upper_limit[ticks.rows])
    assert np.all(ticks.last >= market.lower_limit[ticks.rows])
    whole = ticks.last / market.tick[ticks.rows]
    assert whole == pytest.approx(np.rint(whole))
    bids, asks = ~np.isnan(ticks.bid), ~np.isnan(ticks.ask)
    assert np.all((ticks.bid_volume > 0) == bids)
    assert np.all((ticks.ask_volume > 0) == asks)
    both = bids[:, 0] & asks[:, 0]
    assert np.all(ticks.bid[both, 0] < ticks.ask[both, 0])


def test_a_side_is_empty_at_the_limit() -> None:
    cheap = [each for each in LISTED if each.symbol.startswith("SP ")][:1]
    market = Exchange(cheap, DAY)
    ticks = market.step(np.array([0]), 20_000)
    at_top = ticks.last == market.upper_limit[0]
    assert at_top.any()
    assert np.isnan(ticks.ask[at_top]).sum(axis=1).min() >= LEVELS - 1


def test_a_new_day_starts_from_the_settlement() -> None:
    market = Exchange(LISTED, DAY)
    closing = market.step(np.arange(len(LISTED)), 5)
    market.open_day(date(2026, 11, 23))
    assert market.pre_close.tolist() == closing.last[-len(LISTED) :].tolist()
    assert np.abs(market.pre_settlement - closing.average[-len(LISTED) :]).max() <= market.tick.max() / 2
    opening = market.step(np.array([0]))
    assert opening.volume.tolist() == [1]
    assert opening.open[0] == opening.high[0] == opening.low[0] == opening.last[0]


def test_the_snapshot_is_the_latest_tick() -> None:
    market = Exchange(LISTED, DAY)
    ticks = market.step(np.array([4, 2]), 2)
    snapshot = market.snapshot(np.array([2]))
    assert snapshot.last[0] == ticks.last[-1]
    assert snapshot.volume[0] == ticks.volume[-1]
    assert np.array_equal(snapshot.bid[0], ticks.bid[-1])
