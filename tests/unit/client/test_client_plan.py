"""Every instrument from exactly one gateway, by subjects that never overlap."""

import pytest

from marketbus.client.plan import assign, whole
from marketbus.domain.contract import Contract, Product
from marketbus.domain.errors import AmbiguousGateway, UnknownInstrument
from marketbus.domain.instrument import Exchange, Instrument, Pattern, parse_instrument


def book(gateway: str, *symbols: str) -> list[Contract]:
    ones = [parse_instrument(symbol) for symbol in symbols]
    return [Contract(gateway, one.symbol, one.exchange, "", Product.FUTURES, 1.0, 1.0) for one in ones]


def patterns(*texts: str) -> list[Pattern]:
    return [Pattern(text) for text in texts]


def test_the_only_carrier_is_taken() -> None:
    plan = assign(patterns("SHFE.rb2701"), {"a": book("a", "rb2701.SHFE"), "b": []})
    assert list(plan) == ["a"]
    assert plan["a"].subjects() == ["md.tick.a.SHFE.rb2701"]
    assert plan["a"].patterns() == ["rb2701.SHFE"]


def test_two_carriers_are_ambiguous_unless_one_is_preferred() -> None:
    books = {"a": book("a", "rb2701.SHFE"), "b": book("b", "rb2701.SHFE")}
    with pytest.raises(AmbiguousGateway) as caught:
        assign(patterns("rb*.SHFE"), books)
    assert caught.value.gateways == ("a", "b")
    assert list(assign(patterns("rb*.SHFE"), books, ["x", "b"])) == ["b"]


def test_a_glob_over_disjoint_gateways_takes_each_from_its_own() -> None:
    plan = assign(patterns("*"), {"a": book("a", "rb2701.SHFE"), "b": book("b", "10005000.SSE")})
    assert plan["a"].patterns() == ["*"]
    assert plan["b"].subjects() == ["md.tick.b.*.*"]


def test_a_gateway_that_is_passed_over_for_some_leases_the_others_by_name() -> None:
    books = {"a": book("a", "rb2701.SHFE", "rb2705.SHFE"), "b": book("b", "rb2705.SHFE")}
    plan = assign(patterns("rb*.SHFE"), books, ["b"])
    assert plan["a"].patterns() == ["rb2701.SHFE"]
    assert plan["b"].patterns() == ["rb*.SHFE"]
    assert not plan["a"].wants(Instrument("rb2705", Exchange.SHFE))


def test_nobody_carries_it() -> None:
    with pytest.raises(UnknownInstrument):
        assign(patterns("rb2701.SHFE"), {"a": book("a", "rb2705.SHFE")})


def test_few_instruments_are_named_and_many_are_filtered_here() -> None:
    few = assign(patterns("rb*.SHFE"), {"a": book("a", "rb2701.SHFE", "rb2705.SHFE")})["a"]
    assert few.subjects() == ["md.tick.a.SHFE.rb2701", "md.tick.a.SHFE.rb2705"]
    many = assign(patterns("rb*.SHFE"), {"a": book("a", *(f"rb{n}.SHFE" for n in range(301)))})["a"]
    assert many.subjects() == ["md.tick.a.SHFE.*"]
    assert not many.wants(Instrument("au2706", Exchange.SHFE))


def test_a_wildcard_swallows_what_it_covers() -> None:
    plan = assign(patterns("*.SHFE", "rb2701.SHFE"), {"a": book("a", "rb2701.SHFE", "au2706.SHFE")})
    assert plan["a"].subjects() == ["md.tick.a.SHFE.*"]
    assert plan["a"].patterns() == ["*.SHFE"]


def test_one_gateway_with_whole_exchanges_needs_no_contracts() -> None:
    assert whole(patterns("*.SHFE", "*.DCE"), "a")["a"].subjects() == ["md.tick.a.DCE.*", "md.tick.a.SHFE.*"]
