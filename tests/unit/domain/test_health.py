from typing import Any

import msgspec

from marketbus.domain.health import REST, Health, judge
from marketbus.domain.readiness import Difference, Readiness
from marketbus.domain.times import NS
from marketbus.domain.vitals import Standby, Vitals
from marketbus.domain.worker_view import WorkerView
from tests.unit.domain.vitals import OPENS, vitals


def view(told: Vitals | None, **fields: Any) -> WorkerView:
    known = WorkerView(gateway="ctp", trades=True, running=True, starts=1, ends={}, age=0.2, vitals=told)
    return msgspec.structs.replace(known, **fields)


def codes(seen: WorkerView) -> list[str]:
    return [each.code for each in judge(seen).differs]


def unready(opens: int | None) -> Readiness:
    return Readiness(False, opens, (Difference("ready.no_contracts"),))


def test_a_line_that_is_ready_is_ready_at_any_time() -> None:
    assert judge(view(vitals())).health is Health.READY


def test_a_line_that_is_not_ready_rests_until_half_an_hour_before_the_opening() -> None:
    early, late = OPENS - (REST + 1) * NS, OPENS - (REST - 1) * NS
    assert judge(view(vitals(market_time=early, readiness=unready(OPENS)))).health is Health.RESTING
    assert judge(view(vitals(market_time=late, readiness=unready(OPENS)))).health is Health.NOT_READY


def test_nothing_rests_in_an_open_market_or_where_no_opening_is_known() -> None:
    early = OPENS - (REST + 1) * NS
    assert judge(view(vitals(market_open=True, market_time=early, readiness=unready(OPENS)))).health is Health.NOT_READY
    assert judge(view(vitals(readiness=unready(None)))).health is Health.NOT_READY


def test_what_is_broken_does_not_rest() -> None:
    early = OPENS - (REST + 1) * NS
    assert codes(view(vitals(bus_connected=False, market_time=early))) == ["health.no_bus"]
    assert codes(view(vitals(killed=True, market_time=early))) == ["health.killed"]
    assert codes(view(vitals(writable=False, market_time=early))) == ["health.journal"]
    assert not judge(view(vitals(killed=True, market_time=early))).good


def test_a_worker_that_does_not_report_is_told_apart() -> None:
    assert codes(view(None)) == ["health.mute"]
    assert codes(view(None, running=False)) == ["health.restarting"]
    assert codes(view(None, running=False, final="exit code 64")) == ["health.given_up"]


def test_a_standby_is_well() -> None:
    judged = judge(view(None, standby=Standby("other", 7)))
    assert (judged.health, judged.good, judged.live_at) == (Health.STANDBY, True, "other, pid 7")
