from benchmarks.ledger import DAY, Ledger, quantiles

MINUTE = 60_000_000_000


def test_volumes_stay_in_the_order_they_came_and_are_taken_once() -> None:
    ledger = Ledger()
    for volume in (1, 3, 2):
        ledger.live("rb", volume)
    ledger.snapshot("au", 7)
    assert ledger.count == 3
    taken = ledger.take()
    assert (taken.live, taken.snapshots) == ({"rb": [1, 3, 2]}, {"au": 7})
    assert ledger.take().live == {}
    assert ledger.count == 0


def test_of_several_messages_of_one_trade_the_first_stands_for_it() -> None:
    ledger = Ledger(distinct=True)
    assert [ledger.live("AAPL", volume) for volume in (1, 1, 2)] == [True, False, True]
    taken = ledger.take()
    assert (taken.live, taken.told) == ({"AAPL": [1, 2]}, 3)
    assert not ledger.live("AAPL", 2), "told again after the take"
    assert ledger.live("AAPL", 1), "out of order is not the same"
    assert ledger.take().live == {"AAPL": [1]}


def test_the_way_from_the_venue_is_measured_only_when_asked() -> None:
    ledger = Ledger()
    ledger.since_venue(100, 50)
    assert ledger.take(offset=1000).venue is None
    ledger.since_venue(100, 1050)
    taken = ledger.take()
    assert taken.venue is not None
    assert taken.venue.max == 50


def test_the_date_of_a_stamp_does_not_matter_even_at_midnight() -> None:
    ledger = Ledger()
    ledger.take(offset=0)
    ledger.since_venue(10 * DAY + 5, 7 * DAY - MINUTE)
    taken = ledger.take()
    assert taken.venue is not None
    assert taken.venue.max == MINUTE + 5


def test_quantiles() -> None:
    found = quantiles(range(1000))
    assert found is not None
    assert (found.p50, found.p99, found.p999, found.max) == (500, 990, 999, 999)
    assert quantiles([]) is None
