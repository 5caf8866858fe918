"""The SDK says nothing of a front it cannot reach. This does: after a while without a callback it looks for itself."""

import asyncio
from collections.abc import Sequence

from marketbus.gateways.ctp_family.setting import Front


async def probe(fronts: Sequence[Front], seconds: float) -> str:
    """What a plain TCP connection to each front finds, in one line."""
    return ", ".join(await asyncio.gather(*(_probe(front, seconds) for front in fronts)))


async def _probe(front: Front, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(front.host, front.port)
    except TimeoutError:
        return f"{front.address}: no TCP answer; wrong address or a firewall"
    except OSError as error:
        return f"{front.address}: {error.strerror or error}"
    writer.close()
    return f"{front.address}: TCP connects, but the front does not speak; check 柜台环境 and the port"
