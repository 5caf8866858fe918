"""Symbols of vnpy_ib's users, to what TWS is asked and back."""

import pytest

from marketbus.domain.instrument import Exchange, Pattern
from marketbus.gateways.ib.exchanges import from_ib, to_ib
from marketbus.gateways.ib.symbols import Named, Query, instrument_of, query_of, symbol_of

NAMES = [
    ("AAPL-USD-STK.SMART", Query("SMART", symbol="AAPL", sec_type="STK", currency="USD")),
    ("BRK B-USD-STK.SMART", Query("SMART", symbol="BRK B", sec_type="STK", currency="USD")),
    ("265598.SMART", Query("SMART", con_id=265598)),
    ("ES-20271217-USD-FUT.CME", Query("CME", symbol="ES", sec_type="FUT", currency="USD", expiry="20271217")),
    ("ES-202712-USD-FUT.CME", Query("CME", symbol="ES", sec_type="FUT", currency="USD", expiry="202712")),
    (
        "SI-202712-1000-USD-FUT.NYMEX",
        Query("NYMEX", symbol="SI", sec_type="FUT", currency="USD", expiry="202712", multiplier="1000"),
    ),
    (
        "ES-20271217-C-2430-50-USD-FOP.GLOBEX",
        Query("GLOBEX", 0, "ES", "FOP", "USD", "20271217", "C", 2430.0, "50"),
    ),
    (
        "AAPL-20271217-P-202.5-100-USD-OPT.SMART",
        Query("SMART", 0, "AAPL", "OPT", "USD", "20271217", "P", 202.5, "100"),
    ),
    ("EUR-USD-CASH.IDEALPRO", Query("IDEALPRO", symbol="EUR", sec_type="CASH", currency="USD")),
    ("BTC-USD-CRYPTO.GLOBAL", Query("PAXOS", symbol="BTC", sec_type="CRYPTO", currency="USD")),
    ("IBUS500-USD-CFD.SMART", Query("SMART", symbol="IBUS500", sec_type="CFD", currency="USD")),
    ("SPX-USD-IND.CBOE", Query("CBOE", symbol="SPX", sec_type="IND", currency="USD")),
    ("ES-USD-CONTFUT.CME", Query("CME", symbol="ES", sec_type="CONTFUT", currency="USD")),
    ("600519-CNH-STK.SSE", Query("SEHKNTL", symbol="600519", sec_type="STK", currency="CNH")),
]
CHAINS = [
    ("ES-*-USD-FUT.CME", Query("CME", symbol="ES", sec_type="FUT", currency="USD")),
    ("AAPL-*-USD-OPT.SMART", Query("SMART", symbol="AAPL", sec_type="OPT", currency="USD")),
    (
        "AAPL-20271217-C-*-USD-OPT.SMART",
        Query("SMART", symbol="AAPL", sec_type="OPT", currency="USD", expiry="20271217", right="C"),
    ),
]
FOREIGN = [
    "rb2701.SHFE", "rb2701.SMART", "*", "*.SMART", "*-USD-STK.SMART", "AAPL-*-STK.SMART", "AAPL-USD-XYZ.SMART",
    "-USD-STK.SMART", "ES-20271217-1-2-USD-FUT.CME", "AAPL-20271217-X-200-100-USD-OPT.SMART",
    "AAPL-20271217-C-abc-100-USD-OPT.SMART", "99999999999.SMART", "AAPL-USD-STK.*",
]  # fmt: skip


@pytest.mark.parametrize(("name", "query"), [*NAMES, *CHAINS])
def test_a_name_or_a_chain_says_what_to_ask(name: str, query: Query) -> None:
    assert query_of(Pattern(name)) == query


@pytest.mark.parametrize("name", FOREIGN)
def test_what_ib_cannot_be_asked_for_is_not_asked_for(name: str) -> None:
    assert query_of(Pattern(name)) is None


@pytest.mark.parametrize(("name", "query"), [each for each in NAMES if "-" in each[0] and "202712-" not in each[0]])
def test_the_canonical_symbol_is_the_one_it_was_asked_by(name: str, query: Query) -> None:
    named = Named(
        1, query.symbol, query.sec_type, query.currency, query.exchange,
        query.expiry, query.right, query.strike, query.multiplier,
    )  # fmt: skip
    found = instrument_of(named)
    assert found is not None
    assert found.vt_symbol == name


def test_months_of_two_sizes_are_told_apart_by_it() -> None:
    named = Named(1, "SI", "FUT", "USD", "NYMEX", "20271229", multiplier="1000")
    assert symbol_of(named, multiplier=True) == "SI-20271229-1000-USD-FUT"


def test_exchanges_have_one_code_each() -> None:
    codes = {each: code for each in Exchange if (code := to_ib(each)) is not None}
    assert len(set(codes.values())) == len(codes) > 20
    assert {each: from_ib(code) for each, code in codes.items()} == {each: each for each in codes}
    assert instrument_of(Named(1, "X", "STK", "USD", "VENUE")) is None
