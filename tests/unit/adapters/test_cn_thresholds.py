"""The exchanges' numbers: the rows in force by exchange, product and day, and a table that is wrong."""

import pytest

from marketbus.adapters.thresholds import cn_thresholds, read_thresholds
from marketbus.domain.instrument import Exchange

TABLE = cn_thresholds()


@pytest.mark.parametrize(
    ("exchange", "product", "cancels"),
    [
        (Exchange.SHFE, "rb", 500), (Exchange.INE, "sc", 500), (Exchange.DCE, "m", 500), (Exchange.CZCE, "SA", 500),
        (Exchange.CFFEX, "IF", 400), (Exchange.CFFEX, "IM", 400), (Exchange.CFFEX, "T", 500),
        (Exchange.CFFEX, "IO", 500), (Exchange.GFEX, "si", 500),
    ],
)  # fmt: skip
def test_cancels_of_a_contract(exchange: Exchange, product: str, cancels: int) -> None:
    row = TABLE.abnormal(exchange, product, 20261123)
    assert row is not None
    assert (row.cancels, row.self_trades) == (cancels, 5)
    assert row.source


def test_high_frequency_trading_of_stocks_and_of_futures() -> None:
    stocks, futures = TABLE.high_frequency(Exchange.SSE, 20261123), TABLE.high_frequency(Exchange.DCE, 20261123)
    assert stocks is not None
    assert futures is not None
    assert (stocks.per_second, stocks.per_day, stocks.burst) == (300, 20_000, None)
    assert (futures.burst, futures.bursts, futures.per_day) == (10, 10, None)


def test_a_row_holds_from_its_day_on_and_other_exchanges_have_none() -> None:
    assert TABLE.high_frequency(Exchange.DCE, 20251008) is None
    assert TABLE.high_frequency(Exchange.DCE, 20251009) is not None
    assert TABLE.high_frequency(Exchange.SMART, 20261123) is None
    assert TABLE.abnormal(Exchange.SMART, "AAPL", 20261123) is None


MOON = """
sources = { x = "y" }
high_frequency = []
[[abnormal]]
exchanges = ["MOON"]
products = []
since = 2025-10-09
source = "x"
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "sources"),
        ('sources = {}\nabnormal = []\n[[high_frequency]]\nexchanges = ["DCE"]\nsince = 2025-10-09\nsource = "x"', "x"),
        (MOON, "UNKNOWN"),
        ("sources = {}\nhigh_frequency = []\nabnormal = []\nmore = 1", "more"),
    ],
)  # fmt: skip
def test_a_wrong_table_names_the_place(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_thresholds(text)
