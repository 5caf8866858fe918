"""The command line's requests to order desks: which gateways trade, and one verb of theirs at a time."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

from marketbus.apps.cli.principal import principal
from marketbus.client.hub import Hub
from marketbus.client.options import Options, nkey_of, tls_of, urls_of
from marketbus.domain.errors import BadRequest, MarketBusError, UnknownGateway
from marketbus.wire import rpc, subjects
from marketbus.wire.td_rpc import TD_VERBS

REACH = 1.5
"""Seconds to find NATS: there is another way, and it is an emergency."""
_GROUP = {verb.name: verb.group for verb in TD_VERBS}

T = TypeVar("T")


@asynccontextmanager
async def desks(url: str | None, within: float = REACH) -> AsyncGenerator["Desks"]:
    """Order desks on the bus at `url`.

    Raises:
        BusUnavailable: NATS cannot be reached.
    """
    who = principal()
    options = Options(
        urls=urls_of(url), name=who, principal=who, nkey=nkey_of(None), tls=tls_of(None), connect_timeout=within
    )
    hub = Hub.of(options)
    await hub.open()
    try:
        yield Desks(hub)
    finally:
        await hub.close()


class Desks:
    """Those that are live."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def accounts(self, gateway: str | None = None) -> dict[str, str]:
        """The account of each gateway that trades, or of the one that is named.

        Raises:
            UnknownGateway: none of that name is live.
            MarketBusError: it does not trade, or none does.
        """
        live = await self._hub.directory.names(refresh=True)
        if gateway is not None and gateway not in live:
            raise UnknownGateway(gateway, live)
        accounts = await self._hub.directory.accounts()
        found = {name: account for name, account in accounts.items() if gateway in (None, name)}
        if not found:
            what = "no live gateway trades" if gateway is None else f"gateway {gateway!r} does not trade"
            raise MarketBusError(what, "set trading = true in its configuration")
        return found

    async def only(self, gateway: str | None) -> tuple[str, str]:
        """The one gateway that trades, or the one that is named, and its account.

        Raises:
            BadRequest: there are several.
        """
        found = await self.accounts(gateway)
        if len(found) > 1:
            raise BadRequest(f"several gateways trade: {', '.join(found)}", "name one: --gateway G")
        return next(iter(found.items()))

    async def ask(self, gateway: str, verb: str, request: rpc.Request, kind: type[T], account: str = "") -> T:
        """One verb with one reply.

        Raises:
            BusUnavailable: no answer in time.
            MarketBusError: what the desk says instead.
        """
        subject = self._subject(gateway, verb, account)
        return await self._hub.calls.ask(subject, gateway, verb, request, kind, unbroken=True)

    async def stream(self, gateway: str, verb: str, request: rpc.Request, kind: type[T], account: str) -> list[T]:
        """One verb whose replies end with an empty message. Raises as `ask`."""
        subject = self._subject(gateway, verb, account)
        replies = await self._hub.calls.stream(subject, gateway, verb, request, patience=20.0)
        return [rpc.decode_reply(kind, reply) for reply in replies]

    def _subject(self, gateway: str, verb: str, account: str) -> str:
        principal = self._hub.calls.principal
        if _GROUP[verb] is rpc.Group.TD:
            return subjects.td_rpc(gateway, account, verb, principal)
        return subjects.rpc(gateway, "ops", verb, principal)
