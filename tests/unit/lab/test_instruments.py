from collections import Counter
from datetime import date

from marketbus.lab.instruments import Kind, listings

DAY = date(2026, 11, 20)


def test_a_short_list_shows_every_exchange() -> None:
    assert {each.exchange for each in listings(DAY, 6)} == {"SHFE", "CFFEX", "DCE", "CZCE", "INE", "GFEX"}


def test_symbols_are_written_as_each_exchange_does() -> None:
    symbols = {each.symbol: each for each in listings(DAY, 5000)}
    assert symbols["rb2701"].name == "螺纹钢2701"
    assert symbols["IF2612"].name == "沪深300股指2612"
    assert symbols["SA701"].exchange == "CZCE"
    assert symbols["m2701-C-3000"].underlying == "m2701"
    assert symbols["SR701P5400"].product == "SRP"
    assert symbols["cu2701C86000"].product == "cu_o"
    assert symbols["IO2612-C-4600"].kind is Kind.OPTION
    assert symbols["SP a2701&a2703"].kind is Kind.COMBINATION
    assert symbols["SPD SA612&SA701"].base == 0


def test_any_number_of_distinct_instruments() -> None:
    for count in (1, 100, 20_000):
        listed = listings(DAY, count)
        assert len(listed) == len({each.symbol for each in listed}) == count


def test_only_what_is_alive_is_listed() -> None:
    for today in (DAY, date(2027, 1, 18), date(2026, 12, 31)):
        listed = listings(today, 3000)
        assert all(each.expires >= today for each in listed)
        assert len(Counter(each.kind for each in listed)) == 3


def test_names_fit_the_field_of_ctp() -> None:
    assert max(len(each.name.encode("gb18030")) for each in listings(DAY, 5000)) <= 60
    assert max(len(each.symbol) for each in listings(DAY, 5000)) <= 80
