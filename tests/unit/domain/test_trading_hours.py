from datetime import date, datetime, time

import pytest

from marketbus.domain.instrument import Exchange
from marketbus.domain.times import from_datetime
from marketbus.domain.trading_hours import Hours, Phase, TradingHours


def hours(products: tuple[str, ...], sessions: list[tuple[str, str]], since: date = date(2020, 1, 1)) -> Hours:
    pairs = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in sessions)
    return Hours(Exchange.SHFE, products, pairs, ((time(20, 55), time(21)),), since, "test")


TABLE = TradingHours(
    [
        hours(("*",), [("09:00", "10:15"), ("10:30", "11:30"), ("13:30", "15:00")]),
        hours(("au",), [("21:00", "02:30"), ("09:00", "15:00")]),
        hours(("au",), [("21:00", "23:00")], since=date(2027, 1, 1)),
    ]
)


@pytest.mark.parametrize(
    ("product", "moment", "phase"),
    [
        ("rb", "2026-11-20T09:00:00", Phase.OPEN),
        ("rb", "2026-11-20T10:15:00.500", Phase.OPEN),  # the closing second's snapshot
        ("rb", "2026-11-20T10:20:00", Phase.CLOSED),
        ("rb", "2026-11-20T08:59:59", Phase.CLOSED),
        ("rb", "2026-11-20T20:58:00", Phase.AUCTION),
        ("AU", "2026-11-21T02:29:59", Phase.OPEN),
        ("au", "2026-11-21T02:30:01", Phase.CLOSED),
        ("au", "2027-02-01T23:30:00", Phase.CLOSED),  # other hours from 2027 on
    ],
)
def test_phases(product: str, moment: str, phase: Phase) -> None:
    assert TABLE.phase(Exchange.SHFE, product, from_datetime(datetime.fromisoformat(moment))) is phase


def test_unknown_hours_are_no_statement() -> None:
    assert TABLE.phase(Exchange.NYSE, "AAPL", 0) is None
    assert TABLE.flags(Exchange.NYSE, "AAPL", 0) == 0
