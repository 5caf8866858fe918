"""Row 13 and everything beside it: orders, venue events, disconnects, deaths and day changes in any order."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.system import Span
from tests.unit.application.trading.machine import TradingMachine


@pytest.mark.row(
    13,
    "orders, positions (today, yesterday, frozen) and funds are the venue's at every quiet point",
    once=True,
)
def test_books_are_the_venues_at_every_quiet_point(span: Span) -> None:
    """Over the order desk, the real journal and the lab's matching engine, in virtual time."""
    run_state_machine_as_test(  # pyright: ignore[reportUnknownMemberType]
        TradingMachine,
        settings=settings(
            max_examples=span.count(30, 1500),
            stateful_step_count=40,
            derandomize=not span.soaking,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
            phases=[Phase.generate],
            print_blob=True,
        ),
    )
