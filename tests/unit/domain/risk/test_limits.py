"""Limits: safe by default, stricter at run time, never looser."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.errors import BadRequest, SymbolError
from marketbus.domain.risk.limits import Limits, Tightening, tighten

NUMBERS = [name for name in Tightening.__struct_fields__ if name != "forbidden"]


def looser(name: str, now: Any, then: Any) -> bool:
    if then is None:
        return now is not None
    if now is None:
        return False
    return then < now if name == "min_days_to_expiry" else then > now


@given(
    st.dictionaries(st.sampled_from(NUMBERS), st.none() | st.integers(0, 10**6)).filter(
        lambda asked: asked.get("collar_ticks", 0) is not None
    ),
    st.dictionaries(st.sampled_from(NUMBERS), st.integers(0, 10**6)),
)
def test_nothing_gets_looser_and_what_is_stricter_holds(begin: dict[str, Any], asked: dict[str, Any]) -> None:
    limits = Limits(**begin)
    after = tighten(limits, Tightening(**asked))
    for name in Limits.__struct_fields__:
        now, then = getattr(limits, name), getattr(after, name)
        if name in NUMBERS:
            assert not looser(name, now, then)
            assert name not in asked or not looser(name, asked[name], then)
        else:
            assert now == then


def test_instruments_can_only_be_taken_away() -> None:
    limits = tighten(Limits(forbidden=("IF*.CFFEX",)), Tightening(forbidden=("rb*.SHFE", "IF*.CFFEX")))
    assert limits.forbidden == ("IF*.CFFEX", "rb*.SHFE")
    assert limits.instruments == ("*",)


def test_bad_limits_are_named() -> None:
    with pytest.raises(BadRequest, match="max_position: -1"):
        Limits(max_position=-1.0)
    with pytest.raises(BadRequest, match="price_collar: nan"):
        Limits(price_collar=float("nan"))
    with pytest.raises(BadRequest, match="max_open_orders"):
        tighten(Limits(), Tightening(max_open_orders=-1))
    with pytest.raises(SymbolError):
        Limits(instruments=("rb2701",))
    with pytest.raises(msgspec.ValidationError, match="max_positions"):
        msgspec.convert({"max_positions": 3}, Limits)


def test_the_defaults_stay_below_what_exchanges_look_at() -> None:
    limits = Limits()
    assert limits.orders_per_second is not None
    assert limits.orders_per_second < 10
    assert limits.cancels_per_contract is not None
    assert limits.cancels_per_contract < 400
    assert not limits.high_frequency
    assert limits.only_in_hours
