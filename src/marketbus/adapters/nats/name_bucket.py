"""The bucket of gateway names in NATS KV: one key per name, gone when its holder falls silent."""

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.kv import KeyValue

from marketbus.adapters.nats.holder import Holder
from marketbus.ports.clock import Clock
from marketbus.wire.subjects import encode_token

BUCKET = "marketbus_names"
REPLICAS = 3
"""Copies of the bucket in a cluster: on one node alone it would go with that node, and every name with it."""
_EXISTS_OTHERWISE = 10058
"""JSStreamNameExistErr: another worker has made the bucket meanwhile."""
_TOO_FEW_NODES = (10005, 10074)
"""JSClusterNoPeersErrF: the cluster is smaller; JSStreamReplicasNotSupportedErr: it is none."""
UNREACHABLE = (OSError, nats.errors.Error)
"""What NATS raises while it cannot be asked (its JetStream errors are among them)."""


def key_of(name: str) -> str:
    """A gateway name as a KV key: the subject token, with `=` for `%`, which keys may not hold and tokens never use."""
    return encode_token(name).replace("%", "=")


class NameBucket:
    """One name's entry. Every method may raise `UNREACHABLE`."""

    def __init__(self, client: Client, name: str, clock: Clock, ttl: float) -> None:
        self.ttl = ttl
        """Seconds after which a silent holder's entry is gone; the bucket's own, once it was opened."""
        self._client = client
        self._key = key_of(name)
        self._clock = clock
        self._bucket: KeyValue | None = None

    async def holder(self) -> tuple[Holder | None, int]:
        """Who holds the name, and the entry's revision; (None, 0) when nobody does."""
        bucket = await self._open()
        try:
            entry = await bucket.get(self._key)
        except nats.js.errors.KeyNotFoundError:
            return None, 0
        try:
            return msgspec.json.decode(entry.value or b"", type=Holder), entry.revision or 0
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Holder("?", 0, ""), entry.revision or 0

    async def create(self, holder: Holder) -> int | None:
        """Take a free name: the revision, or None when it is not free."""
        bucket = await self._open()
        try:
            return await bucket.create(self._key, msgspec.json.encode(holder))
        except (nats.js.errors.KeyWrongLastSequenceError, nats.js.errors.KeyNotFoundError):
            return None  # not found: it expired between the refusal and the look at why

    async def update(self, holder: Holder, revision: int) -> int | None:
        """Renew: the new revision, or None when the entry is not at `revision` any more."""
        bucket = await self._open()
        try:
            return await bucket.update(self._key, msgspec.json.encode(holder), last=revision)
        except nats.js.errors.KeyWrongLastSequenceError:
            return None

    async def delete(self, revision: int) -> None:
        """Give the name back, if the entry is still ours."""
        bucket = await self._open()
        await bucket.delete(self._key, last=revision)

    def forget(self) -> None:
        """Open the bucket anew next time: a memory bucket does not survive its server."""
        self._bucket = None

    async def _open(self) -> KeyValue:
        if not self._client.is_connected:  # nats-py would keep the request and send it late
            raise ConnectionError("NATS is away")
        if self._bucket is None:
            jetstream = JetStreamContext(self._client, timeout=min(2.0, self.ttl / 2))
            try:
                self._bucket = await jetstream.key_value(BUCKET)
            except nats.js.errors.BucketNotFoundError:
                await self._make(jetstream)
                self._bucket = await jetstream.key_value(BUCKET)
            self.ttl = (await self._bucket.status()).ttl or self.ttl  # whoever made it has settled that
        return self._bucket

    async def _make(self, jetstream: JetStreamContext) -> None:
        """The bucket's stream, as ADR-8 lays it out, with two differences that a lease needs.

        Revisions begin at the clock's microseconds: a bucket made anew after a restart would count from 1 again, and a
        stale holder's old revision would pass for the new holder's. And no direct reads, which may be stale.
        """
        try:
            await self._add(jetstream, REPLICAS)
        except nats.js.errors.APIError as error:
            if error.err_code not in _TOO_FEW_NODES:
                raise
            await self._add(jetstream, 1)

    async def _add(self, jetstream: JetStreamContext, replicas: int) -> None:
        wanted = StreamConfig(
            name=f"KV_{BUCKET}",
            subjects=[f"$KV.{BUCKET}.>"],
            max_msgs_per_subject=1,
            max_age=self.ttl,
            duplicate_window=self.ttl,
            storage=StorageType.MEMORY,
            num_replicas=replicas,
            discard=DiscardPolicy.NEW,
            allow_rollup_hdrs=True,
            deny_delete=True,
            first_seq=self._clock.now() // 1000,
        )
        try:
            await jetstream.add_stream(wanted)  # pyright: ignore[reportUnknownMemberType]
        except nats.js.errors.BadRequestError as error:
            if error.err_code != _EXISTS_OTHERWISE:
                raise
