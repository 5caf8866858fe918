"""A connection to NATS that reports what happens to it and never stops trying, once it has been up."""

import asyncio
from collections.abc import Callable

import nats.errors
from nats.aio.client import Client

from marketbus.adapters.nats.options import CONNECT_TIMEOUT, NatsOptions, connect_arguments, without_secret
from marketbus.adapters.nats.seam import asks_for_credentials, read_key_again
from marketbus.domain.errors import BusUnavailable
from marketbus.wire.refusal import refusal_of

OnEvent = Callable[[str, dict[str, str]], None]
"""Hears message codes `nats.…` of domain.message with their fields, on the loop."""


def ignore(code: str, fields: dict[str, str]) -> None:
    """An `OnEvent` that does nothing."""


async def open_connection(
    options: NatsOptions,
    on_event: OnEvent,
    on_closed: Callable[[], None] | None = None,
    within: float = 10.0,
) -> Client:
    """Connect; afterwards reconnect for ever.

    `on_closed` is called when the connection has ended for good: because it was closed here, or because nats-py gave
    it up, which it does when the server takes our rights away (`-ERR`); whoever needs the bus then opens another.
    `within` is in seconds, for the first connection as a whole.

    Raises:
        ConfigError: an option is wrong.
        BusUnavailable: no server let us in within `within` seconds.
    """
    arguments = connect_arguments(options)
    watch = _Watch(on_event, on_closed)
    client = watch.client
    try:
        await asyncio.wait_for(
            client.connect(
                **arguments,
                error_cb=watch.error,
                disconnected_cb=watch.disconnected,
                reconnected_cb=watch.reconnected,
                closed_cb=watch.closed,
                max_reconnect_attempts=1,  # so that nobody there is an error now instead of an endless wait
            ),
            within,
        )
    except (OSError, nats.errors.Error, TimeoutError) as error:
        await _abandon(client)
        raise _unavailable(options, watch.last_words or str(error) or "no answer") from None
    client.options["max_reconnect_attempts"] = -1
    watch.up = True
    on_event("nats.connected", {"server": _server(client)})
    return client


class NatsLink:
    """`ports.publisher.BusLink` of a connection."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def connected(self) -> bool:
        """See `BusLink`."""
        return self._client.is_connected

    @property
    def reconnects(self) -> int:
        """See `BusLink`."""
        return self._client.stats["reconnects"]


async def close_connection(client: Client, within: float = CONNECT_TIMEOUT) -> None:
    """Flush and close; gives up waiting after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            if client.is_connected:
                await client.flush()
            await client.close()
    except (OSError, nats.errors.Error, TimeoutError):
        await _abandon(client)


async def _abandon(client: Client) -> None:
    try:
        await asyncio.wait_for(client.close(), 1.0)
    except (OSError, nats.errors.Error, TimeoutError, AssertionError):  # it may never have been connected
        return


def _server(client: Client) -> str:
    url = client.connected_url
    return "?" if url is None else without_secret(url.geturl())


def _unavailable(options: NatsOptions, words: str) -> BusUnavailable:
    hint = "start a nats-server there or correct nats.url; without [nats] an embedded server is used"
    if "uthorization" in words or "uthentication" in words:
        hint = "check nats.user / password / token / creds / nkey"
    elif "certificate verify failed" in words.lower():
        hint = "nats.tls_ca names the authority that signed its certificate"
    return BusUnavailable(f"NATS at {', '.join(options.servers)} cannot be reached: {words}", hint)


class _Watch:
    """nats-py's callbacks as our message codes."""

    def __init__(self, on_event: OnEvent, on_closed: Callable[[], None] | None) -> None:
        self.client = Client()
        self.up = False
        self.last_words = ""
        self._on_event = on_event
        self._on_closed = on_closed
        self._said: set[str] = set()

    async def error(self, error: Exception) -> None:
        """A failed attempt, or an error of the server's; said once per outage."""
        self.last_words = str(error) or type(error).__name__
        if isinstance(error, ConnectionError) and not self.up and asks_for_credentials(self.client):
            self.last_words = f"Authorization refused, the server hung up ({self.last_words})"
        if self.up and "authorization violation" in self.last_words.lower():
            try:
                read_key_again(self.client)
            except (OSError, ValueError) as unread:
                self.last_words = f"{self.last_words}; its key cannot be read again: {unread}"
        if self.up and (refusal := refusal_of(self.last_words)) is not None and len(self._said) < 16:
            if refusal.subject not in self._said:
                self._said.add(refusal.subject)
                self._on_event("nats.not_permitted", {"subject": refusal.subject})
        elif self.up and self.last_words not in self._said and len(self._said) < 16:
            self._said.add(self.last_words)
            self._on_event("nats.error", {"words": self.last_words})

    async def disconnected(self) -> None:
        if self.up and not self.client.is_closed:  # closing is no outage
            self._on_event("nats.disconnected", {})

    async def reconnected(self) -> None:
        self._said.clear()
        self._on_event("nats.reconnected", {"server": _server(self.client)})

    async def closed(self) -> None:
        if self.up and self._on_closed is not None:
            self._on_closed()
