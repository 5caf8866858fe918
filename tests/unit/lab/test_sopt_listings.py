from datetime import date, timedelta

from marketbus.lab.instruments import Kind
from marketbus.lab.sopt.listings import FUNDS, UNITS, exchange_code, listings

DAY = date(2026, 11, 20)


def test_funds_come_first_then_options_of_both_exchanges() -> None:
    listed = listings(DAY, 18)
    assert [each.symbol for each in listed[: len(FUNDS)]] == [fund.code for fund in FUNDS]
    assert {each.exchange for each in listed[len(FUNDS) :]} == {"SSE", "SZSE"}
    assert all(each.kind is Kind.OPTION for each in listed[len(FUNDS) :])


def test_codes_and_names_are_written_as_the_exchanges_do() -> None:
    by_name = {each.name: each for each in listings(DAY, 2000)}
    assert exchange_code(by_name["50ETF购11月2850"]) == "510050C2611M02850"
    assert exchange_code(by_name["创业板ETF沽12月2150"]) == "159915P2612M002150"
    assert exchange_code(by_name["XD50ETF购11月2850A"]) == "510050C2611A02850"
    assert by_name["XD50ETF购11月2850A"].multiplier != UNITS
    assert exchange_code(by_name["科创50"]) == "588000"


def test_four_months_are_listed_and_expire_on_their_fourth_wednesday() -> None:
    options = [each for each in listings(DAY, 2000) if each.kind is Kind.OPTION]
    assert {(each.year, each.month) for each in options} == {(2026, 11), (2026, 12), (2027, 3), (2027, 6)}
    assert {each.expires for each in options} == {
        date(2026, 11, 25), date(2026, 12, 23), date(2027, 3, 24), date(2027, 6, 23)
    }  # fmt: skip


def test_a_code_means_the_same_contract_for_as_long_as_it_is_listed() -> None:
    known: dict[str, tuple[str, float, int, int]] = {}
    day = DAY
    for _ in range(40):
        today = {
            each.symbol: (each.underlying, each.strike, each.month, each.multiplier) for each in listings(day, 2000)
        }
        assert len(today) == len(listings(day, 2000))
        assert all(known[symbol] == what for symbol, what in today.items() if symbol in known)
        known = today
        day += timedelta(days=7)


def test_every_price_is_one_that_can_be_traded() -> None:
    for each in listings(DAY, 2000):
        assert each.base >= each.tick
        assert each.strike > 0 or each.kind is Kind.FUND
