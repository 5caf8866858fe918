"""What consumers hear of orders, and the journal's head, on a real nats-server."""

import pytest
from nats.aio.msg import Msg
from nats_process import NatsProcess, connect, subscribe, until

from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.journal_heads import KvJournalHeads
from marketbus.adapters.nats.trading_publisher import NatsTradingPublisher
from marketbus.domain.account import Account
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.instrument import Exchange
from marketbus.domain.journal_entry import Head
from marketbus.domain.order import Order
from marketbus.domain.order_terms import Direction, Offset, OrderType
from marketbus.domain.position import Position
from marketbus.domain.trade import Trade
from marketbus.wire import codec

ORDER = Order(
    "ctp-main", "main", "SPD RM501", Exchange.CZCE, "a1", Direction.LONG, Offset.OPEN, OrderType.LIMIT, -3.0, 2.0,
    journal_position=7,
)  # fmt: skip
TRADE = Trade("ctp-main", "main", "rb2701", Exchange.SHFE, "t1", "a1", Direction.LONG, Offset.OPEN, 3100.0, 1.0)
POSITION = Position("ctp-main", "main", "rb2701", Exchange.SHFE, Direction.LONG, volume=1.0)
FUNDS = Account("ctp-main", "main", 1e6)


async def test_each_kind_is_told_under_its_subject_in_order(server: NatsProcess) -> None:
    heard: list[tuple[str, bytes]] = []

    async def take(message: Msg) -> None:
        heard.append((message.subject, message.data))

    consumer = await connect(server.url)
    await subscribe(consumer, "td.>", take)
    await consumer.flush()
    client = await open_connection(server.options, ignore)
    await NatsTradingPublisher(client).tell([ORDER, TRADE, POSITION, FUNDS])
    await until(lambda: len(heard) == 4)
    assert [subject for subject, _ in heard] == [
        "td.order.ctp-main.main.CZCE.SPD%20RM501",
        "td.trade.ctp-main.main.SHFE.rb2701",
        "td.position.ctp-main.main.SHFE.rb2701",
        "td.account.ctp-main.main",
    ]
    assert codec.decode(Order, heard[0][1]) == ORDER
    await consumer.close()
    await close_connection(client)


async def test_what_the_server_did_not_take_is_an_error(server: NatsProcess) -> None:
    client = await open_connection(server.options, ignore)
    heads = KvJournalHeads(client, "主力 1")
    publisher = NatsTradingPublisher(client)
    server.kill()
    with pytest.raises(BusUnavailable):
        await publisher.tell([ORDER])
    with pytest.raises(BusUnavailable):
        await heads.announce(Head(1, "a"))
    with pytest.raises(BusUnavailable):
        await heads.last()
    await close_connection(client)


async def test_a_head_is_remembered_for_other_machines(server: NatsProcess) -> None:
    here, there = await open_connection(server.options, ignore), await open_connection(server.options, ignore)
    heads = KvJournalHeads(here, "主力 1")
    assert await heads.last() is None
    await heads.announce(Head(7, "ab"))
    await heads.announce(Head(8, "cd"))
    assert await KvJournalHeads(there, "主力 1").last() == Head(8, "cd")
    assert await KvJournalHeads(there, "主力 2").last() is None
    await close_connection(here)
    await close_connection(there)
