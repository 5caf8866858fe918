"""A consumer as a user writes it: the public SDK, a plain function for every tick. `bus URL [distinct]`; distinct: see
Ledger.
"""

import asyncio
import os
import sys
from time import time_ns

import marketbus
from benchmarks.consumers.answers import answer, say
from benchmarks.ledger import Ledger
from marketbus import Tick, TickFlag

SNAPSHOT = int(TickFlag.SNAPSHOT)


async def consume(url: str, *, distinct: bool) -> None:
    """Until stdin ends."""
    ledger = Ledger(distinct=distinct)
    since_sdk, live = ledger.since_sdk, ledger.live

    def on_tick(tick: Tick) -> None:
        if tick.flags & SNAPSHOT:
            ledger.snapshot(tick.symbol, int(tick.volume))
            return
        now = time_ns()
        since_sdk(now - tick.received)
        if live(tick.symbol, int(tick.volume)) and ledger.offset is not None:
            ledger.since_venue(now, tick.datetime)

    async with marketbus.connect(url, name="benchmark") as bus:
        await bus.on_ticks("*", on_tick)
        ended, pending = asyncio.Event(), bytearray()

        def read() -> None:
            data = os.read(0, 65536)
            if not data:
                ended.set()
                asyncio.get_running_loop().remove_reader(0)
                return
            pending.extend(data)
            *lines, rest = bytes(pending).split(b"\n")
            pending[:] = rest
            for line in lines:
                answer(ledger, line, dict(bus.stats.gaps), bus.stats.missed)

        asyncio.get_running_loop().add_reader(0, read)
        parts = {part: words for status in await bus.gateways() for part, words in status.native.items()}
        say({"ready": True, "native": parts})
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(consume(sys.argv[1], distinct="distinct" in sys.argv[2:]))
