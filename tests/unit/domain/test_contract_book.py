import pytest

from marketbus.domain.contract import Contract, Product
from marketbus.domain.contract_book import ContractBook
from marketbus.domain.instrument import Pattern, parse_instrument


def contract(vt_symbol: str, name: str = "") -> Contract:
    symbol, exchange = parse_instrument(vt_symbol)
    return Contract("ctp", symbol, exchange, name, Product.FUTURES, 10, 1)


@pytest.fixture
def book() -> ContractBook:
    return ContractBook(map(contract, ["rb2701.SHFE", "rb2705.SHFE", "SA701.CZCE", "m2701.DCE", "IF2612.CFFEX"]))


def test_selects_by_pattern_in_the_venues_order(book: ContractBook) -> None:
    assert [found.vt_symbol for found in book.select(Pattern("rb*.SHFE"))] == ["rb2701.SHFE", "rb2705.SHFE"]
    assert book.select(Pattern("rb9999.SHFE")) == []
    assert len(book.select(Pattern("*"))) == 5


def test_tells_what_is_new_or_changed(book: ContractBook) -> None:
    renamed, same, new = contract("rb2701.SHFE", "螺纹钢2701"), contract("rb2705.SHFE"), contract("rb2710.SHFE")
    assert book.update([renamed, same, new]) == [renamed, new]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("SA2701.CZCE", "SA701.CZCE"),
        ("RB2701.SHFE", "rb2701.SHFE"),
        ("rb2701.INE", "rb2701.SHFE"),
        ("rb2702.SHFE", "rb2701.SHFE"),
        ("m701.DCE", "m2701.DCE"),
    ],
)
def test_suggests_near_names(book: ContractBook, asked: str, meant: str) -> None:
    assert meant in book.suggest(parse_instrument(asked))


def test_suggests_nothing_far(book: ContractBook) -> None:
    assert book.suggest(parse_instrument("AAPL.NASDAQ")) == []
