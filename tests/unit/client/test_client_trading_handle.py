"""What a program holds of an order, and how orders are named."""

import asyncio

import pytest
from msgspec.structs import replace

from marketbus.client.trading.handle import OrderHandle
from marketbus.client.trading.ids import new_order_id
from marketbus.domain.errors import BusUnavailable, ModifyRejected, OrderDenied, OrderRejected
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import NEVER_RECEIVED, Order, OrderState
from marketbus.domain.order_request import MAX_CLIENT_ORDER_ID, CancelRequest
from marketbus.domain.order_terms import Direction, Offset, OrderType

NEW = Order(
    "ctp", "main", "rb2701", Exchange.SHFE, "id-1", Direction.LONG, Offset.OPEN, OrderType.LIMIT, 3000.0, 2.0
)  # fmt: skip


def order(state: OrderState, updated: int, **facts: object) -> Order:
    return replace(NEW, state=state, updated=updated, **facts)


@pytest.fixture
def handle() -> OrderHandle:
    async def cancel() -> Order:
        return order(OrderState.ACCEPTED, 50, cancel_sent=1)

    async def modify(price: float | None, volume: float | None) -> Order:
        return order(OrderState.ACCEPTED, 50, modify_sent=1, new_price=price or NEW.price, new_volume=volume or 2.0)

    return OrderHandle(NEW, cancel, modify)


def test_ids_are_short_unique_and_sort_by_time() -> None:
    ids = [new_order_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert [each[:8] for each in ids] == sorted(each[:8] for each in ids)
    for each in ids:
        assert len(each) <= MAX_CLIENT_ORDER_ID
        assert each.isascii()
        assert CancelRequest(each).client_order_id == each


async def test_accepted_waits_for_the_venue_and_done_for_the_end(handle: OrderHandle) -> None:
    accepted, done = asyncio.create_task(handle.accepted()), asyncio.create_task(handle.done())
    for updated, state in enumerate((OrderState.SENT, OrderState.UNKNOWN), 1):
        handle.update(order(state, updated))
        await asyncio.sleep(0)
        assert not accepted.done()
    handle.update(order(OrderState.ACCEPTED, 5))
    assert (await accepted).state == "ACCEPTED"
    assert not done.done()
    handle.update(order(OrderState.SENT, 4))  # late
    assert handle.order.state == "ACCEPTED"
    handle.update(order(OrderState.FILLED, 6, traded=2.0))
    await asyncio.sleep(0)
    handle.update(order(OrderState.FILLED, 7, traded=2.0, average_price=3000.5))  # the fill comes after the report
    assert (await done).average_price == 3000.5
    assert (await handle.accepted()).state == "FILLED"


async def test_the_venues_no_is_an_error_that_has_its_words(handle: OrderHandle) -> None:
    words = "[51] CTP:平昨仓位不足 (SHFE, INE: close today's lots with CLOSETODAY / 上期所、能源中心平今请用平今)"
    handle.update(order(OrderState.REJECTED, 1, error_id=51, error_msg=words))
    with pytest.raises(OrderRejected) as rejected:
        await handle.accepted()
    assert (rejected.value.error_id, rejected.value.words, str(rejected.value)) == (51, words, words)
    assert (await handle.done()).state == "REJECTED"


async def test_an_order_that_never_arrived_is_rejected_too(handle: OrderHandle) -> None:
    handle.update(order(OrderState.REJECTED, 1, denied_by=NEVER_RECEIVED))
    with pytest.raises(OrderRejected) as rejected:
        await handle.accepted()
    assert rejected.value.order.denied_by == NEVER_RECEIVED


async def test_our_own_no_names_rule_limit_and_value(handle: OrderHandle) -> None:
    facts = {"limit": 10, "value": 11}
    handle.update(order(OrderState.DENIED, 1, denied_by="max_order_volume", error_msg="en / 中", ext=facts))
    with pytest.raises(OrderDenied, match="en / 中") as denied:
        await handle.accepted()
    assert (denied.value.rule, denied.value.limit, denied.value.value) == ("max_order_volume", 10, 11)


async def test_a_time_out_leaves_the_order_as_it_is(handle: OrderHandle) -> None:
    with pytest.raises(TimeoutError):
        await handle.accepted(within=0.01)
    assert handle.order.state == "NEW"


async def test_a_cancel_shows_at_once(handle: OrderHandle) -> None:
    assert (await handle.cancel()).cancel_sent == 1
    assert handle.order.cancel_sent == 1


async def test_whoever_waits_when_the_bus_is_closed_is_told(handle: OrderHandle) -> None:
    done = asyncio.create_task(handle.done())
    await asyncio.sleep(0)
    handle.close()
    with pytest.raises(BusUnavailable, match="id-1 was NEW"):
        await done


async def test_a_modification_is_had_once_the_venue_says_so(handle: OrderHandle) -> None:
    await handle.modify(price=3010.0)
    assert (handle.order.price, handle.order.new_price) == (3000.0, 3010.0)
    waiting = asyncio.create_task(handle.modified())
    await asyncio.sleep(0)
    assert not waiting.done()
    handle.update(order(OrderState.ACCEPTED, 60, price=3010.0))
    assert (await waiting).price == 3010.0


@pytest.mark.parametrize("state", [OrderState.ACCEPTED, OrderState.FILLED])
async def test_one_that_is_not_had_is_an_error_with_the_order_as_it_stands(
    handle: OrderHandle, state: OrderState
) -> None:
    await handle.modify(volume=5.0)
    handle.update(order(state, 60, error_id=201, error_msg="no"))
    with pytest.raises(ModifyRejected, match="no") as caught:
        await handle.modified(within=1)
    assert (caught.value.order.state, caught.value.order.volume) == (state, 2.0)
