"""What vnpy_ctp's ctp_gateway.py (6.7.11.4) gets wrong, and the test of ours that fails on its behaviour.

One row per defect; lines are those of ctp_gateway.py. The table is checked: a test that is renamed or gone fails here.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parents[2]


class Defect(NamedTuple):
    """What the stock gateway does, and where ours is shown to do otherwise."""

    stock: str
    file: str
    test: str


BAD = "faults/test_bad_venue_data.py"
LOGIN = "unit/gateways/test_ctp_login.py"
QUERY = "unit/gateways/test_ctp_contract_query.py"
ORDERS = "unit/gateways/test_ctp_orders.py"
RECORDS = "unit/gateways/test_ctp_order_records.py"
FRONTS = "faults/test_fronts.py"

DEFECTS = (
    Defect("close() deadlocks or crashes; a process is used once", "faults/test_processes.py",
           "test_a_signal_stops_everything_in_time"),
    Defect("a call into the library that never returns stops everything", "faults/test_sdk_failures.py",
           "test_a_call_that_never_returns_ends_the_process"),
    Defect("授权编码 of 400 characters is a SIGSEGV", "unit/gateways/test_ctp_setting.py",
           "test_what_is_wrong_is_named"),
    Defect("one failed trading login, and it never logs in again (495, 798)", FRONTS,
           "test_a_counter_that_is_not_open_yet_is_waited_for"),
    Defect("a failed market data login is never tried again (289)", LOGIN,
           "test_what_passes_is_waited_for_without_end"),
    Defect("24:00:00: ValueError on stdout, the tick lost in silence (321)", BAD,
           "test_a_time_that_is_none_is_counted"),
    Defect("a bad ActionDay: the same (321)", BAD, "test_dates_that_are_none_are_inferred_and_flagged"),
    Defect("5 ms and 50 ms are both 500 ms (320)", BAD, "test_milliseconds_are_what_they_say"),
    Defect("DBL_MAX stays in the limit prices (333-334)", BAD, "test_prices_that_do_not_exist_are_absent"),
    Defect("ticks without UpdateTime vanish (305)", BAD, "test_a_record_without_a_time_is_counted"),
    Defect("ticks before the contract query vanish (311)", FRONTS,
           "test_market_data_flows_while_the_trading_front_is_down"),
    Defect("an empty ActionDay and DCE take the machine's date (268, 315, 416)", "e2e/test_ctp_night.py",
           "test_ticks_carry_the_real_time_and_the_right_trading_day"),
    Defect("a snapshot replayed at login", BAD, "test_yesterdays_tick_replayed_at_login_keeps_its_date"),
    Defect("no unsubscribe", "e2e/test_ctp_market_data.py",
           "test_the_venue_is_asked_for_no_more_when_the_last_listener_goes"),
    Defect("a subscription before the login or after a drop is lost, return codes are ignored", FRONTS,
           "test_a_dropped_front_is_reported_and_everything_subscribed_again_once"),
    Defect("an unknown exchange loses the contract, and as the last one the whole list (618)", QUERY,
           "test_the_list_is_whole_with_its_last_record_even_if_that_one_is_no_good"),
    Defect("sleep(1) in a callback while the SDK takes no query (531-538)", QUERY,
           "test_a_query_that_the_sdk_does_not_take_is_repeated_at_the_counters_pace"),
    Defect("order numbers begin at 1 in every process: MaxOrderRef is ignored (430)", ORDERS,
           "test_numbers_go_on_after_the_last_one_the_counter_has"),
    Defect("orders and trades are never queried: what happened while it was away is lost", "e2e/test_ctp_trading.py",
           "test_a_session_that_breaks_leaves_nothing_half_known"),
    Defect("an order of an unknown type, status or instrument is dropped, or raises KeyError (659-711)", RECORDS,
           "test_every_status_has_a_state_and_what_is_not_known_is_unknown"),
    Defect("a trade whose order was not seen before raises KeyError (730)", RECORDS,
           "test_a_trade_as_the_venue_tells_it"),
    Defect("a bad InsertTime: ValueError on stdout, the order's word lost", RECORDS,
           "test_an_order_without_a_time_is_an_order_all_the_same"),
    Defect("a refused cancel is a line in the log, and names no order (522)", ORDERS,
           "test_a_refused_cancel_is_told_once_and_only_to_whom_it_belongs"),
    Defect("what another terminal is refused looks like ours: the same OrderRef, no session", ORDERS,
           "test_what_all_sessions_are_told_is_ours_only_if_it_can_be"),
    Defect("a query's time-out, refusal or row that raises leaves half of the positions as the whole",
           "unit/gateways/test_ctp_books.py", "test_a_row_that_cannot_be_read_is_not_a_row_that_is_missing"),
    Defect("a trading disconnect leaves contract_inited true", QUERY,
           "test_a_confirmation_or_a_list_that_never_comes_is_missed_and_reported_once"),
    Defect("a front that is refused is never mentioned (the library gives no callback)",
           "faults/test_vendor_library.py", "test_a_refused_front_is_reported_and_tried_on"),
    Defect("a login that is never answered is waited for for ever", LOGIN,
           "test_a_login_without_an_answer_is_reported_and_tried_again_once_at_a_time"),
)  # fmt: skip
"""Not here: order_ref restarts at 0 and ignores MaxOrderRef (430), which waits for trading to be carried."""


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.stock[:40] for defect in DEFECTS])
def test_every_defect_of_the_stock_gateway_has_its_test(defect: Defect) -> None:
    written = (TESTS / defect.file).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {defect.test}\(", written, re.MULTILINE), f"{defect.file} has no {defect.test}"
