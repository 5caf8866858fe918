"""An account's stream over a real nats-server, against a desk that loses, repeats and falls silent on demand."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import marketbus
from marketbus import BusUnavailable, GatewayError, Order, OrderState, OutcomeUnknown, UnknownOrder
from marketbus.client.trading import calls, channel
from tests.unit.client.fake_desk import desk
from tests.unit.client.fakes import Server, running_server, until

RB = "rb2701.SHFE"
NEW, SENT, ACCEPTED, FILLED = OrderState.NEW, OrderState.SENT, OrderState.ACCEPTED, OrderState.FILLED


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running_server(tmp_path) as server:
        yield server


def told(orders: list[Order]) -> list[int]:
    return [order.journal_position for order in orders]


async def test_what_was_lost_on_the_way_is_found_without_any_sign_of_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "EVERY", 0.1)
    heard: list[Order] = []
    async with desk(server.url) as one, marketbus.connect(server.url) as bus:
        await one.tell("old", ACCEPTED)
        await bus.on_orders(heard.append)
        await until(lambda: told(heard) == [0])
        await one.tell("a", NEW)
        await one.tell("a", SENT, lost=True)
        await one.tell("b", NEW, lost=True)
        await until(lambda: told(heard) == [0, 2, 3, 4])
        for order in one.journal:  # a worker that was replaced tells them again
            await one.publish(order)
        await one.tell("a", FILLED)
        await until(lambda: told(heard) == [0, 2, 3, 4, 5])
        assert bus.stats.handler_errors == 0


async def test_while_nothing_is_lost_the_journal_is_not_read_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "EVERY", 0.05)
    heard: list[Order] = []
    async with desk(server.url) as one, marketbus.connect(server.url) as bus:
        await bus.on_orders(heard.append, snapshot=False)
        for state in (NEW, SENT, ACCEPTED):
            await one.tell("a", state)
        await until(lambda: told(heard) == [1, 2, 3])
        await until(lambda: one.asked[-3:] == ["tally"] * 3)  # one may have come between the desk's book and the bus
        one.asked.clear()
        await until(lambda: one.asked.count("tally") >= 5)
        assert set(one.asked) == {"tally"}
        one.failing["tally"] = GatewayError("an older gateway has no such verb")
        await one.tell("a", FILLED, lost=True)
        await until(lambda: told(heard) == [1, 2, 3, 4])


async def test_a_long_history_is_read_page_by_page_and_its_end_joins_the_present(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PAGE", 3)
    heard: list[int] = []
    async with desk(server.url) as one, marketbus.connect(server.url) as bus:
        for number in range(10):
            await one.tell(f"id-{number}", ACCEPTED)
        async with bus.follow_orders(since=2) as orders:
            await one.tell("last", ACCEPTED)
            async for order in orders:
                heard.append(order.journal_position)
                if order.client_order_id == "last":
                    break
        assert heard == list(range(3, 12))
        assert one.asked.count("events") >= 3


async def test_a_disconnect_is_made_good_from_the_journal_in_order(server: Server) -> None:
    heard: list[Order] = []
    async with desk(server.url) as one, marketbus.connect(server.url) as bus:
        await bus.on_orders(heard.append, snapshot=False)
        await one.tell("a", NEW)
        await until(lambda: told(heard) == [1])
        server.kill()
        await until(lambda: not bus.connected)
        one.failing["events"] = GatewayError("the journal is busy")  # asked again until it answers
        server.start()
        await one.tell("a", SENT, lost=True)
        await until(lambda: one.asked.count("events") >= 1)
        await one.tell("a", ACCEPTED)
        assert told(heard) == [1]
        one.failing.clear()
        await until(lambda: told(heard) == [1, 2, 3])


async def test_a_journal_that_was_exchanged_is_followed_from_its_beginning(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "EVERY", 0.1)
    heard: list[Order] = []
    async with desk(server.url) as one, marketbus.connect(server.url) as bus:
        for _ in range(3):
            await one.tell("a", SENT)
        await bus.on_orders(heard.append, snapshot=False)
        one.journal.clear()
        await one.tell("b", NEW)
        await until(lambda: [order.client_order_id for order in heard] == ["b"])
        await one.tell("b", SENT)
        await until(lambda: told(heard) == [1, 2])


async def test_a_stream_waits_for_a_gateway_that_is_starting(server: Server) -> None:
    async with marketbus.connect(server.url) as bus:
        first = asyncio.create_task(anext(bus.follow_orders()))
        with pytest.raises(BusUnavailable, match="no gateway on the bus trades"):
            await anext(bus.follow_orders(wait=0))
        async with desk(server.url) as one:
            await one.tell("a", ACCEPTED)
            assert (await first).client_order_id == "a"


async def test_no_answer_is_an_outcome_that_is_not_known(server: Server) -> None:
    async with desk(server.url) as one, marketbus.connect(server.url, request_timeout=0.2) as bus:
        one.mute.add("send_order")
        with pytest.raises(OutcomeUnknown, match=r"order a: .* did not answer .*请按委托号查询") as unknown:
            await bus.buy(RB, 1, 3000.0, client_order_id="a")
        assert unknown.value.client_order_id == "a"
        with pytest.raises(UnknownOrder):
            await bus.order("a")
        one.mute.clear()
        handle = await bus.buy(RB, 1, 3000.0, client_order_id="a")
        waiting = asyncio.create_task(handle.accepted())
        await one.tell("a", ACCEPTED)
        assert (await waiting).state == "ACCEPTED"


async def test_every_account_is_asked_to_cancel_whatever_another_answers(server: Server) -> None:
    async with desk(server.url, "a") as a, desk(server.url, "b") as b, marketbus.connect(server.url) as bus:
        a.failing["cancel_all"] = GatewayError("no")
        await b.tell("x", ACCEPTED)
        with pytest.raises(GatewayError):
            await bus.cancel_all()
        assert "cancel_all" in b.asked
        a.failing.clear()
        assert await bus.cancel_all() == ["x"]
        assert {order.gateway for order in await bus.orders()} == {"b"}


async def test_a_lease_on_orders_is_renewed_and_given_back_but_not_after_an_error(server: Server) -> None:
    async with desk(server.url) as one, marketbus.connect(server.url) as bus:
        async with await bus.control(ttl=0.3) as control:
            assert control.armed
            await until(lambda: one.leases[:3] == [0.3, 0.3, 0.3])
            one.failing["control"] = GatewayError("busy")
            await until(lambda: one.asked.count("control") >= 5)
            one.failing.clear()
            await until(lambda: len(one.leases) >= 4)
        assert one.leases[-1] == 0
        with pytest.raises(ValueError, match="mine"):
            async with await bus.control(ttl=0.3):
                raise ValueError("mine")
        assert one.leases[-1] == 0.3
        await asyncio.to_thread(without_asyncio, server.url)
        assert one.leases[-2:] == [5, 0]


def without_asyncio(url: str) -> None:
    with marketbus.connect_sync(url) as bus, bus.control(ttl=5) as control:
        assert control.armed


async def test_a_handler_that_raises_is_counted_and_the_stream_goes_on(server: Server) -> None:
    heard: list[str] = []

    async def handler(order: Order) -> None:
        await asyncio.sleep(0)
        heard.append(order.client_order_id)
        if order.client_order_id == "a":
            raise ValueError("mine")

    async with desk(server.url) as one, marketbus.connect(server.url) as bus:
        async with await bus.on_orders(handler):
            await one.tell("a", ACCEPTED)
            await one.tell("b", ACCEPTED)
            await until(lambda: heard == ["a", "b"])
        assert bus.stats.handler_errors == 1
        await one.tell("c", ACCEPTED)
        with pytest.raises(TypeError, match="sinse"):
            await bus.on_orders(handler, sinse=1)  # pyright: ignore[reportCallIssue]
    assert heard == ["a", "b"]


async def test_closing_the_bus_ends_streams_and_whoever_waits(server: Server) -> None:
    async with desk(server.url) as one:
        bus = await marketbus.connect(server.url)
        await one.tell("a", SENT)
        handle = await bus.order_handle("a")
        waiting = asyncio.create_task(handle.done())
        stream = bus.follow_orders()
        assert (await anext(stream)).client_order_id == "a"
        await bus.close()
        with pytest.raises(BusUnavailable, match="a was SENT"):
            await waiting
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
