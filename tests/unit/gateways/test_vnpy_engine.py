"""What stands in for vnpy's event engine: registrations and a timer, no queue, no threads."""

import threading

import pytest
from vnpy.event import EVENT_TIMER, Event

from marketbus.gateways.vnpy.engine import TimerOnlyEngine


def test_the_timer_calls_its_handlers_in_the_callers_thread() -> None:
    engine = TimerOnlyEngine()
    seen: list[tuple[str, int]] = []
    engine.register(EVENT_TIMER, lambda event: seen.append((event.type, threading.get_ident())))
    assert engine.wants_timer
    engine.timer()
    assert seen == [(EVENT_TIMER, threading.get_ident())]


def test_nobody_wants_a_timer_that_nobody_registered_for() -> None:
    engine = TimerOnlyEngine()
    assert not engine.wants_timer
    engine.timer()
    engine.put(Event("eLog", 1))


def test_a_handler_is_registered_once_and_unregistered_for_good() -> None:
    engine = TimerOnlyEngine()
    seen: list[Event] = []
    engine.register(EVENT_TIMER, seen.append)
    engine.register(EVENT_TIMER, seen.append)
    engine.timer()
    assert len(seen) == 1
    engine.unregister(EVENT_TIMER, seen.append)
    engine.unregister(EVENT_TIMER, seen.append)
    assert not engine.wants_timer


def test_a_handler_may_unregister_itself_while_it_runs() -> None:
    engine = TimerOnlyEngine()
    seen: list[str] = []

    def once(event: Event) -> None:
        seen.append(event.type)
        engine.unregister(EVENT_TIMER, once)

    engine.register(EVENT_TIMER, once)
    engine.register(EVENT_TIMER, lambda event: seen.append("other"))
    engine.timer()
    engine.timer()
    assert seen == [EVENT_TIMER, "other", "other"]


def test_what_is_not_offered_says_so() -> None:
    with pytest.raises(AttributeError, match="asked its event engine for 'start'"):
        TimerOnlyEngine().start()
