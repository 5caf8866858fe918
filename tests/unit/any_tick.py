"""Ticks of every width and kind, some of them with what no tick declares."""

import math
from typing import Any

from hypothesis import strategies as st

from marketbus.domain.instrument import Exchange
from marketbus.domain.tick import Tick, TickFlag

texts = (
    st.text(max_size=20)
    | st.text(st.characters(), max_size=4)
    | st.sampled_from(["", "x" * 300, "涨" * 30_000, "\ud800"])
)
numbers = st.floats() | st.sampled_from([0.0, -0.0, math.inf, 1.797e308])
integers = st.integers(-(2**63) - 1, 2**64) | st.sampled_from(
    [2**n + d for n in (0, 5, 7, 8, 15, 16, 31, 32) for d in (-1, 0, 1)]
)
odd: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just(object())
extras = st.none() | st.dictionaries(
    st.text(max_size=5), st.text(max_size=9) | integers | st.floats() | st.none(), max_size=4
)

_BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "gateway": texts, "symbol": texts, "name": texts, "exchange": st.sampled_from(Exchange), "extra": extras,
    "flags": integers | st.sampled_from(TickFlag),
}  # fmt: skip
_INTEGERS = ("datetime", "received", "epoch", "seq", "trading_day")
_STATISTICS = (
    "limit_up", "limit_down", "open_price", "high_price", "low_price", "pre_close", "pre_settlement",
    "settlement_price", "pre_open_interest", "average_price",
)  # fmt: skip


def field(name: str) -> st.SearchStrategy[Any]:
    if name in _BY_TYPE:
        return _BY_TYPE[name]
    if name in _INTEGERS:
        return integers
    return numbers | st.none() if name in _STATISTICS else numbers


@st.composite
def ticks(draw: st.DrawFn) -> Tick:
    """Of the declared types, of any width, and every fourth time with a field that is something else."""
    values = {name: draw(field(name)) for name in Tick.__struct_fields__}
    if draw(st.integers(0, 3)) == 0:
        values[draw(st.sampled_from([*_INTEGERS, *_STATISTICS, "volume", "bid_price_3", "name"]))] = draw(odd)
    return Tick(**values)
