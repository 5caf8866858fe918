"""Whether the bus is there."""

import asyncio
import os

from marketbus.adapters.nats.connection import close_connection, ignore, open_connection
from marketbus.adapters.nats.embedded import find_binary
from marketbus.adapters.nats.jetstream import has_jetstream
from marketbus.apps.config import Config
from marketbus.apps.nats_options import nats_options
from marketbus.domain.errors import BusUnavailable, ConfigError
from marketbus.ports.gateway import Probe


async def nats_server(config: Config) -> Probe:
    """The configured servers and their JetStream, or the binary to embed."""
    if not config.nats.url:
        return await _embedded(config.nats.port)
    options = nats_options(config, "marketbus check")
    try:
        connection = await open_connection(options, ignore, within=5.0)
    except (BusUnavailable, ConfigError) as error:
        return Probe("nats", False, str(error))
    where = ", ".join(options.servers)
    try:
        jetstream = await has_jetstream(connection)
    finally:
        await close_connection(connection)
    if not jetstream:
        advice = "start it with -js, so that a standby worker is safe"
        return Probe("nats", True, f"{where}, JetStream off: enough for market data; {advice}")
    return Probe("nats", True, f"{where}, JetStream on")


async def _embedded(port: int) -> Probe:
    try:
        binary = find_binary()
    except BusUnavailable as error:
        return Probe("nats", False, str(error))
    if port and await reachable("127.0.0.1", port, 1.0) is None:
        note = f"port {port} is in use: `marketbus up` runs already, or choose another with [nats] port"
        return Probe("nats", True, f"embedded, {binary}; {note}")
    return Probe("nats", True, f"embedded, {binary}")


async def reachable(host: str, port: int, timeout: float) -> str | None:  # noqa: ASYNC109 (passed on)
    """None when a TCP connection opens, else why not."""
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return f"no answer within {timeout:g} s"
    except OSError as error:
        return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)  # asyncio words it at length
    writer.close()
    return None
