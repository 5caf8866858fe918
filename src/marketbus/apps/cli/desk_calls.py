"""The command line's requests to order desks: which gateways trade, and one verb of theirs at a time."""

import asyncio
import getpass
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
import nats.errors
from nats.aio.client import Client

import marketbus
from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.options import NatsOptions
from marketbus.client.options import urls_of
from marketbus.domain.errors import BusUnavailable, MarketBusError, UnknownGateway
from marketbus.wire import rpc, subjects
from marketbus.wire.td_rpc import TD_VERBS

REACH = 1.5
"""Seconds to find NATS: there is another way, and it is an emergency."""
ANSWER = 5.0
_GROUP = {verb.name: verb.group for verb in TD_VERBS}

T = TypeVar("T")


def whoami() -> str:
    """The principal of this terminal."""
    return getpass.getuser()


@asynccontextmanager
async def desks(url: str | None, within: float = REACH) -> AsyncGenerator["Desks"]:
    """Order desks on the bus at `url`.

    Raises:
        BusUnavailable: NATS cannot be reached.
    """
    async with marketbus.connect(url, principal=whoami(), connect_timeout=within) as bus:
        client = await open_connection(NatsOptions(url=urls_of(url), name="marketbus cli"), ignore, within=within)
        try:
            yield Desks(bus, client)
        finally:
            await close_connection(client, within=0.5)


class Desks:
    """Those that are live."""

    def __init__(self, bus: marketbus.Bus, client: Client) -> None:
        self._bus = bus
        self._client = client

    async def accounts(self, gateway: str | None = None) -> dict[str, str]:
        """The account of each gateway that trades, or of the one that is named.

        Raises:
            UnknownGateway: none of that name is live.
            MarketBusError: it does not trade, or none does.
        """
        live = {status.gateway: status.account for status in await self._bus.gateways()}
        if gateway is not None and gateway not in live:
            raise UnknownGateway(gateway, sorted(live))
        found = {name: account for name, account in live.items() if account and gateway in (None, name)}
        if not found:
            what = "no live gateway trades" if gateway is None else f"gateway {gateway!r} does not trade"
            raise MarketBusError(what, "set trading = true in its configuration")
        return found

    async def ask(self, gateway: str, verb: str, request: rpc.Request, kind: type[T], account: str = "") -> T:
        """One verb with one reply.

        Raises:
            BusUnavailable: no answer in time.
            MarketBusError: what the desk says instead.
        """
        subject = self._subject(gateway, verb, account)
        try:
            answer = await self._client.request(subject, msgspec.json.encode(request), timeout=ANSWER)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            words = str(error) or type(error).__name__
            raise BusUnavailable(
                f"gateway {gateway!r} did not answer {verb}: {words}", "see `marketbus status`"
            ) from None
        if answer.headers and rpc.ERROR_HEADER in answer.headers:
            raise rpc.error_of(rpc.decode_reply(rpc.Fault, answer.data))
        return rpc.decode_reply(kind, answer.data)

    async def stream(self, gateway: str, verb: str, request: rpc.Request, kind: type[T], account: str) -> list[T]:
        """One verb whose replies end with an empty message. Raises as `ask`."""
        inbox = self._client.new_inbox()
        replies = await self._client.subscribe(inbox)  # pyright: ignore[reportUnknownMemberType]
        found: list[T] = []
        try:
            await self._client.publish(self._subject(gateway, verb, account), msgspec.json.encode(request), reply=inbox)
            async with asyncio.timeout(ANSWER * 4):
                while (message := await replies.next_msg(ANSWER * 4)).data:
                    if message.headers and rpc.ERROR_HEADER in message.headers:
                        raise rpc.error_of(rpc.decode_reply(rpc.Fault, message.data))
                    found.append(rpc.decode_reply(kind, message.data))
        except (nats.errors.Error, OSError, TimeoutError) as error:
            words = str(error) or type(error).__name__
            raise BusUnavailable(
                f"gateway {gateway!r} did not answer {verb}: {words}", "see `marketbus status`"
            ) from None
        finally:
            await replies.unsubscribe()
        return found

    def _subject(self, gateway: str, verb: str, account: str) -> str:
        if _GROUP[verb] is rpc.Group.TD:
            return subjects.td_rpc(gateway, account, verb, whoami())
        return subjects.rpc(gateway, "ops", verb, whoami())
