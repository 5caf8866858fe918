"""Troubles that nobody logs."""

import msgspec

from marketbus.application.alerts.conditions import MUTE, NO_BUS, NOT_READY, STEADY, Conditions, Found
from marketbus.domain.readiness import Difference, Readiness
from marketbus.domain.vitals import Standby
from marketbus.domain.worker_view import WorkerView
from tests.unit.application.alerts.told import Hands
from tests.unit.domain.vitals import OPENS, vitals

WELL = WorkerView("ctp", trades=True, running=True, starts=1, ends={}, age=0.1, vitals=vitals(market_open=True))
MUTE_NOW = msgspec.structs.replace(WELL, vitals=None, age=15.2)
WAITS = msgspec.structs.replace(MUTE_NOW, standby=Standby("other", 7), age=0.3)
GONE = msgspec.structs.replace(MUTE_NOW, running=False)
CUT = msgspec.structs.replace(WELL, vitals=vitals(market_open=True, bus_connected=False))
NOT = Readiness(False, OPENS, (Difference("ready.no_contracts"),))
UNREADY = msgspec.structs.replace(WELL, vitals=vitals(market_open=True, readiness=NOT))
CLOSED = msgspec.structs.replace(WELL, vitals=vitals(market_open=False, readiness=NOT))
KILLED = msgspec.structs.replace(WELL, vitals=vitals(market_open=True, killed=True))


class Watched:
    """A gateway looked at every second."""

    def __init__(self) -> None:
        self.clock = Hands()
        self.conditions = Conditions("ctp", self.clock, lambda: 0)

    def look(self, view: WorkerView, seconds: float) -> list[Found]:
        found: list[Found] = []
        for _ in range(int(seconds)):
            self.clock.at += 1
            found += self.conditions.look(view)
        return found

    def codes(self, view: WorkerView, seconds: float) -> list[str]:
        return [each.record.code for each in self.look(view, seconds)]


def test_a_worker_that_reports_steadily_is_told_once() -> None:
    watched = Watched()
    assert watched.codes(WELL, STEADY) == []
    assert watched.codes(WELL, 60) == ["health.reports"]


def test_a_worker_that_runs_and_tells_nothing_is_mute_and_told_once() -> None:
    watched = Watched()
    watched.look(WELL, 60)
    assert watched.codes(MUTE_NOW, MUTE) == []
    (found,) = watched.look(MUTE_NOW, 60)
    assert (found.record.code, found.record.fields["seconds"]) == ("health.mute", 15)
    assert watched.codes(WELL, 60) == ["health.reports"]


def test_one_that_does_not_run_or_waits_as_standby_is_not_mute() -> None:
    watched = Watched()
    assert watched.codes(GONE, 60) == []
    assert watched.codes(WAITS, 60) == ["health.reports"]


def test_a_standby_that_falls_silent_is_mute() -> None:
    watched = Watched()
    watched.look(WAITS, 60)
    assert watched.codes(MUTE_NOW, 60) == ["health.mute"]


def test_nats_away_for_a_moment_is_nothing_for_longer_it_is() -> None:
    watched = Watched()
    watched.look(WELL, 60)
    assert watched.codes(CUT, NO_BUS) == []
    assert watched.codes(WELL, 5) == []
    assert watched.codes(CUT, NO_BUS + 1) == ["health.no_bus"]
    assert watched.codes(WELL, 5) == ["health.bus_back"]


def test_not_ready_for_a_minute_while_the_market_is_open_is_told_with_what_differs() -> None:
    watched = Watched()
    watched.look(WELL, 60)
    assert watched.codes(UNREADY, NOT_READY) == []
    (found,) = watched.look(UNREADY, 5)
    assert found.record.code == "health.not_ready_long"
    assert found.more == NOT.differs
    assert watched.codes(CLOSED, 5) == ["health.ready_again"]
    assert watched.codes(CLOSED, 200) == []
    assert watched.codes(KILLED, 200) == []  # that has an alert of its own
