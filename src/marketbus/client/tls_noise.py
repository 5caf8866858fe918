"""A warning of asyncio's that every TLS connection of nats-py ends with, and that asks nobody to do anything."""

import logging

# nats-py 2.16 upgrades its connection by hand (TcpTransport.connect_tls), so StreamReaderProtocol never learns that it
# is over TLS, and asyncio/sslproto.py says this at the end of each.
_WORDS = "returning true from eof_received() has no effect when using ssl"


class _Silence(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.msg != _WORDS


_silence = _Silence()


def hush() -> None:
    """Keep that line, and no other, out of this process's logs."""
    logging.getLogger("asyncio").addFilter(_silence)
