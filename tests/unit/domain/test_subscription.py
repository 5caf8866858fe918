import pytest

from marketbus.domain.errors import SymbolError
from marketbus.domain.instrument import parse_instrument
from marketbus.domain.subscription import Wishes

RB = parse_instrument("rb2701.SHFE")


def test_pins_and_leases_are_counted_per_instrument() -> None:
    wishes = Wishes(["rb*.SHFE"])
    wishes.lease("a", ["rb2701.SHFE"], expires=10)
    wishes.lease("b", ["SHFE.rb2701", "*"], expires=20)
    assert wishes.holders(RB) == 3


def test_a_lease_ends_unless_it_is_renewed() -> None:
    wishes = Wishes()
    wishes.lease("a", ["rb2701.SHFE"], expires=10)
    wishes.lease("b", ["rb2701.SHFE"], expires=10)
    assert wishes.renew("b", 30)
    assert wishes.prune(10) == ["a"]
    assert not wishes.renew("a", 40)
    assert wishes.holders(RB) == 1


def test_a_bad_pattern_changes_nothing() -> None:
    wishes = Wishes()
    wishes.lease("a", ["rb2701.SHFE"], expires=10)
    with pytest.raises(SymbolError):
        wishes.lease("a", ["au2612.SHFE", "nonsense"], expires=10)
    assert wishes.leases[0].patterns == ("rb2701.SHFE",)


def test_unpinning_takes_any_spelling() -> None:
    wishes = Wishes(["SHFE.rb2701"])
    assert wishes.unpin("rb2701.SHFE")
    assert not wishes.unpin("rb2701.SHFE")
    assert wishes.pins == ()
