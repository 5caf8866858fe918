"""Messages of a Redis pattern subscription out of whatever the socket brought."""

from collections.abc import Iterator

CRLF = b"\r\n"


class Messages:
    """https://redis.io/docs/latest/develop/pubsub/: an array of `pmessage`, pattern, channel, payload."""

    def __init__(self, pattern: str) -> None:
        self._head: bytes = b"*4\r\n$8\r\npmessage\r\n$%d\r\n%b\r\n$" % (len(pattern), pattern.encode())
        self._rest: bytes = b""
        self._subscribed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The payloads that are complete.

        Raises:
            ValueError: something else came.
        """
        data = self._rest + data
        at: int = 0
        head, length = self._head, len(self._head)
        find = data.find
        if not self._subscribed:  # *3 psubscribe, pattern, :1
            if (end := find(b":1\r\n")) < 0:
                self._rest = data
                return
            at, self._subscribed = end + 4, True
        while True:
            channel = find(CRLF, at + length)
            if channel < 0:
                break
            if not data.startswith(head, at):
                raise ValueError(data[at : at + 40])
            start = channel + 2 + int(data[at + length : channel]) + 3  # after the channel: CRLF and $
            end = find(CRLF, start)
            if end < 0:
                break
            stop = end + 2 + int(data[start:end])
            if stop + 2 > len(data):
                break
            yield data[end + 2 : stop]
            at = stop + 2
        self._rest = data[at:]
