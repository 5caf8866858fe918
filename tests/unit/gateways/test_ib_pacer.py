"""The pace of requests: below TWS's limit, and orders never behind data."""

import asyncio

from marketbus.gateways.ib.pacer import AT_ONCE, MOMENT, SHARE, Pacer, Urgency


async def test_an_order_leaves_at_once_while_200_requests_for_data_wait() -> None:
    pacer, sent = Pacer(), list[str]()
    for number in range(200):
        pacer.put(Urgency.DATA, lambda n=number: sent.append(f"data {n}"))
    pacer.put(Urgency.QUERY, lambda: sent.append("query"))
    pacer.put(Urgency.ORDER, lambda: sent.append("order"))
    at_once = AT_ONCE[Urgency.DATA]
    assert sent == [*(f"data {n}" for n in range(at_once)), "query", "order"]
    assert pacer.waiting(Urgency.DATA) == 200 - at_once
    pacer.clear()


async def test_no_second_has_more_messages_than_tws_takes() -> None:
    pacer, times = Pacer(), list[float]()
    loop = asyncio.get_running_loop()
    urgencies = [*[Urgency.DATA] * 12, *[Urgency.QUERY] * 5, *[Urgency.ORDER] * 60]
    for urgency in urgencies:
        pacer.put(urgency, lambda: times.append(loop.time()))
    async with asyncio.timeout(10):
        while len(times) < len(urgencies):
            await asyncio.sleep(0.01)
    assert all(sum(start <= each < start + 1 for each in times) <= SHARE[Urgency.ORDER] for start in times)


async def test_data_leave_evenly() -> None:
    """TWS counts what arrives in a second: a delay on the way must not make one burst of two."""
    pacer, times = Pacer(), list[float]()
    loop = asyncio.get_running_loop()
    for _ in range(20):
        pacer.put(Urgency.DATA, lambda: times.append(loop.time()))
    async with asyncio.timeout(5):
        while len(times) < 20:
            await asyncio.sleep(0.01)
    most = AT_ONCE[Urgency.DATA]
    assert all(sum(start <= each < start + MOMENT for each in times) <= most for start in times)


async def test_orders_that_must_wait_go_before_everything_else() -> None:
    pacer, sent = Pacer(), list[Urgency]()
    late = [Urgency.HISTORY, Urgency.DATA, Urgency.QUERY, Urgency.ORDER]
    for urgency in [*[Urgency.ORDER] * SHARE[Urgency.ORDER], *late]:
        pacer.put(urgency, lambda u=urgency: sent.append(u))
    assert sent == [Urgency.ORDER] * SHARE[Urgency.ORDER]
    async with asyncio.timeout(5):
        while len(sent) < SHARE[Urgency.ORDER] + 4:
            await asyncio.sleep(0.01)
    assert sent[-4:] == late[::-1]


async def test_what_waits_for_a_connection_that_is_gone_is_told() -> None:
    pacer, dropped, sent = Pacer(), list[int](), list[int]()
    for number in range(50):
        pacer.put(Urgency.ORDER, lambda n=number: sent.append(n), lambda n=number: dropped.append(n))
    pacer.clear()
    assert (len(sent), dropped) == (SHARE[Urgency.ORDER], list(range(SHARE[Urgency.ORDER], 50)))
    assert pacer.waiting(Urgency.ORDER) == 0
