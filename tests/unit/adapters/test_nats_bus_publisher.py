from fake_service import contract, status
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats_process import NatsProcess, connect, subscribe, until

from marketbus.adapters.nats.bus_publisher import NatsPublisher
from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.domain.contract import Contract
from marketbus.domain.status import GatewayStatus, Level, LogRecord
from marketbus.wire import codec


class Heard:
    client: Client

    def __init__(self) -> None:
        self.contracts: list[Contract] = []
        self.statuses: list[GatewayStatus] = []
        self.logs: list[LogRecord] = []

    async def start(self, url: str) -> None:
        self.client = await connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0)
        await subscribe(self.client, "ref.contract.ctp-main.>", self._take)
        await subscribe(self.client, "sys.>", self._take)
        await self.client.flush()

    async def _take(self, message: Msg) -> None:
        if message.subject.startswith("ref"):
            self.contracts.append(codec.decode(Contract, message.data))
        elif message.subject == "sys.gateway.ctp-main":
            self.statuses.append(codec.decode(GatewayStatus, message.data))
        elif message.subject == "sys.log.ctp-main.info":
            self.logs.append(codec.decode(LogRecord, message.data))


def record(number: int) -> LogRecord:
    return LogRecord("ctp-main", number, Level.INFO, "vnpy", str(number))


async def test_everything_is_heard_under_its_subject(server: NatsProcess) -> None:
    client, heard = await open_connection(server.options, ignore), Heard()
    await heard.start(server.url)
    publisher = NatsPublisher(client)
    await publisher.contracts([contract(number) for number in range(20_000)])
    await publisher.status(status())
    await publisher.log(record(1))
    await until(lambda: len(heard.contracts) == 20_000 and len(heard.logs) == 1 and len(heard.statuses) == 1)
    assert publisher.dropped == {"status": 0, "log": 0}
    await close_connection(client)
    await heard.client.close()


async def test_an_outage_drops_statuses_keeps_the_last_logs_and_announces_contracts_again(server: NatsProcess) -> None:
    client, heard = await open_connection(server.options, ignore), Heard()
    await heard.start(server.url)
    publisher = NatsPublisher(client)
    await publisher.contracts([contract(1)])
    await until(lambda: len(heard.contracts) == 1)
    server.kill()
    await until(lambda: not client.is_connected)
    await publisher.contracts([contract(1, "renamed"), contract(2)])
    for number in range(300):
        await publisher.status(status(time=number))
        await publisher.log(record(number))
    assert publisher.dropped == {"status": 300, "log": 44}
    server.start()
    await until(lambda: client.is_connected and heard.client.is_connected)
    await heard.client.flush()
    await publisher.status(status(time=1000))
    await until(lambda: len(heard.contracts) == 3 and len(heard.logs) == 256)
    assert [one.name for one in heard.contracts[1:]] == ["renamed", "螺纹钢"]
    assert [one.time for one in heard.statuses] == [1000]
    assert [one.time for one in heard.logs] == list(range(44, 300))
    await publisher.status(status())
    await until(lambda: len(heard.statuses) == 2)
    assert len(heard.contracts) == 3, "announced once per outage"
    await close_connection(client)
    await heard.client.close()
