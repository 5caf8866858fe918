"""The head of each gateway's journal, kept in NATS KV: another machine's older copy is noticed."""

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig
from nats.js.kv import KeyValue

from marketbus.adapters.nats.name_bucket import key_of
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.journal_entry import Head

BUCKET = "marketbus_journals"
_TIMEOUT = 2.0


class KvJournalHeads:
    """`ports.trading_publisher.HeadRegister`: one key per gateway, on the servers' disks."""

    def __init__(self, client: Client, gateway: str) -> None:
        self._client = client
        self._key = key_of(gateway)

    async def last(self) -> Head | None:
        """See `HeadRegister`."""
        try:
            entry = await (await self._bucket()).get(self._key)
        except nats.js.errors.KeyNotFoundError:
            return None
        except (OSError, nats.errors.Error) as error:
            raise BusUnavailable(f"the journal's last head cannot be asked: {error}") from error
        try:
            return msgspec.json.decode(entry.value or b"", type=Head)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BusUnavailable(f"key {self._key} of bucket {BUCKET} holds no head: {error}") from None

    async def announce(self, head: Head) -> None:
        """See `HeadRegister`."""
        try:
            await (await self._bucket()).put(self._key, msgspec.json.encode(head))
        except (OSError, nats.errors.Error) as error:
            raise BusUnavailable(f"the journal's head was not taken: {error}") from error

    async def _bucket(self) -> KeyValue:
        if not self._client.is_connected:  # nats-py would keep the request and send it late
            raise ConnectionError("NATS is away")
        jetstream = JetStreamContext(self._client, timeout=_TIMEOUT)
        try:
            return await jetstream.key_value(BUCKET)
        except nats.js.errors.BucketNotFoundError:
            wanted = KeyValueConfig(bucket=BUCKET)
            return await jetstream.create_key_value(wanted)  # pyright: ignore[reportUnknownMemberType]


class NoJournalHeads:
    """Without JetStream nothing remembers; who runs so is told at the start (`nats.no_jetstream`)."""

    async def last(self) -> Head | None:
        """Nothing was ever announced."""
        return None

    async def announce(self, head: Head) -> None:
        """Nobody listens."""
