import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.errors import SymbolError
from marketbus.domain.instrument import Exchange, Instrument, Pattern, parse_instrument, product_code

SYMBOLS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*?[]."), min_size=1, max_size=40
)
EXCHANGES = st.sampled_from([exchange for exchange in Exchange if exchange is not Exchange.UNKNOWN])


@given(SYMBOLS, EXCHANGES)
def test_both_spellings_name_the_same_instrument(symbol: str, exchange: Exchange) -> None:
    instrument = Instrument(symbol, exchange)
    assert parse_instrument(f"{symbol}.{exchange}") == instrument
    if Exchange(symbol) is Exchange.UNKNOWN:
        assert parse_instrument(f"{exchange}.{symbol}") == instrument


@pytest.mark.parametrize("text", ["", "rb2701", ".SHFE", "SHFE.", "rb2701.NOWHERE", "rb*.SHFE", "a\nb.SHFE", "x" * 200])
def test_what_is_not_an_instrument_says_so(text: str) -> None:
    with pytest.raises(SymbolError, match=r"rb2701\.SHFE"):
        parse_instrument(text)


@pytest.mark.parametrize(
    ("pattern", "symbol", "exchange", "taken"),
    [
        ("rb2701.SHFE", "rb2701", Exchange.SHFE, True),
        ("rb2701.SHFE", "rb27011", Exchange.SHFE, False),
        ("rb*.SHFE", "rb2701", Exchange.SHFE, True),
        ("rb*.SHFE", "rb2701", Exchange.INE, False),
        ("SHFE.rb*", "rb2705", Exchange.SHFE, True),
        ("*.SHFE", "au2612", Exchange.SHFE, True),
        ("rb*.*", "rb2701", Exchange.SHFE, True),
        ("*", "SPD RM701&RM703", Exchange.CZCE, True),
        ("SA70[15].CZCE", "SA705", Exchange.CZCE, True),
        ("SA70[15].CZCE", "SA703", Exchange.CZCE, False),
    ],
)
def test_patterns_take_what_they_say(pattern: str, symbol: str, exchange: Exchange, taken: bool) -> None:
    assert Pattern(pattern).matches(Instrument(symbol, exchange)) is taken


@pytest.mark.parametrize("text", ["rb*", "", "SHFE", "rb*.NOWHERE"])
def test_a_pattern_without_an_exchange_is_refused(text: str) -> None:
    with pytest.raises(SymbolError):
        Pattern(text)


def test_product_codes() -> None:
    assert [product_code(s) for s in ("rb2701", "m2701-C-3000", "SPD RM701&RM703", "2701")] == [
        "rb",
        "m",
        "RM",
        "",
    ]
