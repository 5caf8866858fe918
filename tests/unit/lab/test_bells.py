from datetime import datetime

import pytest

from marketbus.lab.bells import Belfry, Bell, latest_close, rings
from marketbus.lab.hours import SHANGHAI, Hours, counter_window


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def heard(after: str, until: str, products: Hours) -> list[tuple[str, Bell]]:
    return [
        (f"{ring.moment:%m-%d %H:%M:%S}", ring.bell) for ring in rings(at(after), at(until)) if products in ring.hours
    ]


def test_gold_over_a_friday_night() -> None:
    assert heard("2026-11-20T14:00", "2026-11-23T10:00", Hours.NIGHT_0230) == [
        ("11-20 15:00:00", Bell.CLOSE),
        ("11-20 15:20:00", Bell.SETTLEMENT),
        ("11-20 20:59:00", Bell.AUCTION),
        ("11-21 02:30:00", Bell.CLOSE),
        ("11-23 08:59:00", Bell.AUCTION),
    ]


def test_the_index_over_lunch() -> None:
    assert heard("2026-11-20T09:00", "2026-11-20T13:30", Hours.INDEX) == [
        ("11-20 09:29:00", Bell.AUCTION),
        ("11-20 11:30:00", Bell.CLOSE),
    ]


def test_the_opening_auction_of_options_on_funds_is_a_session_of_its_own() -> None:
    assert heard("2026-11-20T09:00", "2026-11-20T13:30", Hours.STOCK_OPTION) == [
        ("11-20 09:25:00", Bell.CLOSE),
        ("11-20 11:30:00", Bell.CLOSE),
    ]


def test_a_counter_without_a_night_stays_closed_in_the_evening() -> None:
    assert counter_window(at("2026-11-20T20:30"), night=False) is None
    assert counter_window(at("2026-11-20T14:30"), night=False) == at("2026-11-20T08:30")


def test_nothing_rings_over_a_holiday() -> None:
    assert heard("2026-09-30T15:30", "2026-10-08T08:58", Hours.NIGHT_23) == []


def test_each_ring_is_handed_out_once_and_what_is_jumped_over_never() -> None:
    belfry = Belfry(at("2026-11-20T14:59"))
    assert belfry.due(at("2026-11-20T15:00")) == []
    assert [ring.bell for ring in belfry.due(at("2026-11-20T15:00:01"))] == [Bell.CLOSE]
    assert belfry.due(at("2026-11-20T15:00:02")) == []
    belfry.set(at("2026-11-23T08:58"))
    assert [ring.bell for ring in belfry.due(at("2026-11-23T09:00"))] == [Bell.AUCTION]


@pytest.mark.parametrize(
    ("moment", "products", "close"),
    [
        ("2026-11-20T20:40", Hours.NIGHT_23, "2026-11-20T15:00:00.500"),
        ("2026-11-22T12:00", Hours.NIGHT_0230, "2026-11-21T02:30:00.500"),
        ("2026-11-22T12:00", Hours.INDEX, "2026-11-20T15:00:00.500"),
        ("2026-10-05T12:00", Hours.NIGHT_01, "2026-09-30T15:00:00.500"),
        ("2026-11-20T10:00", Hours.DAY, "2026-11-20T10:00"),
    ],
)
def test_when_a_product_last_traded(moment: str, products: Hours, close: str) -> None:
    assert latest_close(at(moment), products) == at(close)


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-11-20T08:29:59", None),
        ("2026-11-20T08:30", "2026-11-20T08:30"),
        ("2026-11-20T15:29:59", "2026-11-20T08:30"),
        ("2026-11-20T15:30", None),
        ("2026-11-20T20:30", "2026-11-20T20:30"),  # Friday evening, for Monday
        ("2026-11-21T02:44", "2026-11-20T20:30"),
        ("2026-11-21T02:45", None),
        ("2026-11-21T09:00", None),
        ("2026-11-22T21:00", None),  # Sunday
        ("2026-09-30T21:00", None),  # no night before the National Day holiday
        ("2026-10-08T00:30", None),
        ("2026-10-08T09:00", "2026-10-08T08:30"),
    ],
)
def test_the_counters_hours(moment: str, opened: str | None) -> None:
    assert counter_window(at(moment), night=True) == (None if opened is None else at(opened))
