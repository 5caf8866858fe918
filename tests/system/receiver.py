"""What alerts are sent to: a web server on loopback that keeps what it gets and answers as told."""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Got(NamedTuple):
    """One request."""

    path: str
    """With the query."""
    body: dict[str, Any]


class Receiver:
    """`answers`: status and body of the following replies, the last one for ever; None: it never answers."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answers: list[tuple[int, dict[str, Any]] | None] = [(200, {})]
        self.released = threading.Event()
        self.port = 0

    def words(self) -> str:
        """Everything it got, as text."""
        return "\n".join(json.dumps(each.body, ensure_ascii=False) for each in self.got)


@contextmanager
def nobody() -> Generator[int]:
    """A port that is taken and on which nobody listens: it refuses connections for as long as it is held."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextmanager
def receiver() -> Generator[Receiver]:
    """A receiver that runs."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            kept.got.append(Got(self.path, json.loads(self.rfile.read(size))))
            answer = kept.answers[0] if len(kept.answers) == 1 else kept.answers.pop(0)
            if answer is None:
                kept.released.wait()
                return
            body = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_address[1]
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
