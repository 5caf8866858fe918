# pyright: basic
"""Ticks without the marketbus package: nats-py and a MessagePack library, from docs/asyncapi.yaml alone.

usage: python ticks.py GATEWAY SYMBOL.EXCHANGE [COUNT]      (pip install nats-py msgpack)
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgpack
import nats

# Field indices of tick/1 (docs/asyncapi.yaml, components.schemas.Tick, x-index).
TAG, SYMBOL, EXCHANGE, DATETIME, SEQ, LAST_PRICE, BID_PRICE_1, ASK_PRICE_1 = 0, 2, 3, 4, 7, 14, 22, 27


def token(text: str) -> str:
    """A subject token: `A-Z a-z 0-9 _ -` stay, every other byte becomes %XX."""
    return quote(text, safe="").replace(".", "%2E").replace("~", "%7E")


async def main(gateway: str, vt_symbol: str, count: int) -> None:
    """Lease a subscription, print `count` live ticks, give the lease back."""
    symbol, _, exchange = vt_symbol.rpartition(".")
    bus = await nats.connect(os.environ.get("MARKETBUS_URL", "nats://127.0.0.1:4222"))

    async def call(verb: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = await bus.request(f"rpc.{token(gateway)}.md.{verb}", json.dumps(body).encode(), timeout=3)
        answer: dict[str, Any] = json.loads(reply.data)
        if reply.headers and "Nats-Service-Error" in reply.headers:
            raise RuntimeError(f"{answer['code']}: {answer['message']}")
        return answer

    # Subscribe first, then lease: nothing can come in between.
    live = await bus.subscribe(f"md.tick.{token(gateway)}.{exchange}.{token(symbol)}")
    owner = f"plain-{os.getpid()}"
    coverage = await call("subscribe", {"owner": owner, "patterns": [vt_symbol], "ttl": 30})
    if not coverage["matched"]:
        raise SystemExit(f"{gateway} does not carry {vt_symbol}: {coverage['unmatched']}")
    for _ in range(count):
        message = await live.next_msg(timeout=10)
        tick: list[Any] = msgpack.unpackb(message.data)
        assert tick[TAG] == "tick/1"
        line = {
            "vt_symbol": f"{tick[SYMBOL]}.{tick[EXCHANGE]}",
            "time": datetime.fromtimestamp(tick[DATETIME] / 1e9, UTC).isoformat(),
            "datetime": str(tick[DATETIME]),
            "seq": tick[SEQ],
            "last_price": tick[LAST_PRICE],
            "bid": tick[BID_PRICE_1],
            "ask": tick[ASK_PRICE_1],
        }
        print(json.dumps(line), flush=True)
    await call("unsubscribe", {"owner": owner})  # a longer program renews the lease every ten seconds
    await bus.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 5))
