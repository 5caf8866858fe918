"""Says how to send the first order, once the demo takes orders."""

import asyncio
import shlex

import marketbus
from marketbus.adapters.nats.options import NatsOptions
from marketbus.apps.logs import Logs
from marketbus.client.options import DEFAULT_URL
from marketbus.domain.errors import MarketBusError
from marketbus.domain.status import Level

AGAIN = 0.5
"""Seconds between two attempts."""
ABOVE = 5
"""Price ticks above the best offer, so that the order is filled though the market moves while it is typed."""


async def first_order(options: NatsOptions, gateway: str, pattern: str, logs: Logs) -> None:
    """Return when it was said."""
    while True:
        try:
            async with _connect(options) as bus:
                async for status in bus.statuses():
                    if status.gateway == gateway and status.td.state == "READY":
                        break
                words = await _command(bus, gateway, pattern)
        except MarketBusError:
            words = ""  # it is starting, or its worker is being replaced
        if words:
            url = "" if DEFAULT_URL in options.url else f" --url {options.url[0]}"
            logs.log(Level.INFO, "demo.order", command=words + url)
            return
        await asyncio.sleep(AGAIN)


def _connect(options: NatsOptions) -> marketbus.Bus:
    return marketbus.connect(
        options.url,
        name="marketbus demo",
        principal=options.principal or None,
        user=options.user or None,
        password=options.password or None,
        token=options.token or None,
        creds=options.creds or None,
        nkey=options.nkey or None,
        tls_ca=options.tls_ca or None,
    )


async def _command(bus: marketbus.Bus, gateway: str, pattern: str) -> str:
    offered = [tick for tick in await bus.snapshot(pattern, gateway=gateway) if tick.ask_volume_1]
    if not offered:
        return ""
    tick = max(offered, key=lambda tick: tick.volume)
    contract = await bus.contract(tick.vt_symbol, gateway=gateway)
    price = tick.ask_price_1 + ABOVE * contract.pricetick
    price = min(price, tick.limit_up or price)
    words = ["marketbus", "order", "send", tick.vt_symbol, "--direction", "long", "--offset", "open", "--volume", "1"]
    return shlex.join([*words, "--price", f"{price:.10g}"])
