"""The one place that reaches into nats-py: whole protocol frames, written by us, on the connection it keeps.

nats-py (2.16) connects, authenticates, speaks TLS, answers PING and reconnects; but its `publish` costs ten times what
a tick may cost. `Client._transport` is its socket. Writing there is safe when three things hold, and they do:

- `is_connected` is true only after CONNECT was answered (`_process_connect_init`) and turns false before the socket is
  replaced (`_process_op_err`), so nothing of ours gets between INFO and CONNECT;
- nats-py's own flusher writes whole commands without awaiting in between, and so do we, so frames never interleave;
- on reconnect the transport gets a new stream whose buffer is empty, so no half frame survives.

tests/unit/adapters/test_seam.py fails if a release of nats-py moves any of this.
"""

from nats.aio.client import Client


async def write_frames(client: Client, frames: bytes) -> bool:
    """Write whole frames and wait until the socket takes more. False: not connected, or no longer.

    After False some of the frames may have arrived; the caller must not send them again as if they had not.

    Raises:
        OSError: the connection broke while waiting.
    """
    transport = client._transport  # pyright: ignore[reportPrivateUsage]
    if transport is None or not client.is_connected:
        return False
    transport.write(frames)
    await transport.drain()
    return client.is_connected


def cut(client: Client) -> None:
    """Drop the socket at once, unsent bytes included; nats-py then reconnects.

    Its own way out of a dead connection waits for those bytes to be sent, which never ends when the peer is gone
    without a word (`_attempt_reconnect` awaits `wait_closed`, transport.py).
    """
    writer = getattr(client._transport, "_io_writer", None)  # pyright: ignore[reportPrivateUsage]
    if writer is not None:
        writer.transport.abort()


def asks_for_credentials(client: Client) -> bool:
    """Whether the server that we reached last said in its INFO that it does not let everybody in.

    A server that refuses our CONNECT sends `-ERR 'Authorization Violation'` and closes; when nats-py's PING, a second
    write, arrives after that, TCP answers with a reset that also throws the unread `-ERR` away. Then only this tells
    what happened.
    """
    return bool(client._server_info.get("auth_required"))  # pyright: ignore[reportPrivateUsage]


def read_key_again(client: Client) -> None:
    """Read our nkey's file anew, after the server refused us: it may have been replaced.

    nats-py signs with the seed that the file holds now, but announces the public key that it held at the first connect
    (`_setup_nkeys_seed_connect`).

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no seed.
    """
    if client._nkeys_seed is None:  # pyright: ignore[reportPrivateUsage]
        return
    from nkeys import NkeysError  # it is there: the first connect needed it

    try:
        client._setup_nkeys_seed_connect()  # pyright: ignore[reportPrivateUsage]
    except NkeysError as error:
        raise ValueError(str(error) or type(error).__name__) from None
