"""Whether a NATS system offers JetStream to us."""

import asyncio

import nats.errors
import nats.js.errors
from nats.aio.client import Client

TRIES = 3
_DISABLED = (10039, 10076)
"""JSNotEnabledForAccountErr, JSNotEnabledErr"""
PAUSE = 0.1
"""Seconds; a server that has just started may answer its port a moment before JetStream."""


async def has_jetstream(client: Client) -> bool:
    """Whether somebody answers JetStream's API: not when it is off, nor when our permissions do not reach it."""
    for _ in range(TRIES):
        try:
            await client.jetstream(timeout=1.0).account_info()  # pyright: ignore[reportUnknownMemberType]
        except nats.js.errors.APIError as error:
            if error.err_code:
                return error.err_code not in _DISABLED  # else it is there, and has its own trouble
        except (nats.errors.Error, TimeoutError):
            pass
        else:
            return True
        await asyncio.sleep(PAUSE)
    return False
