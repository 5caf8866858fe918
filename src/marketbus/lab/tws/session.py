"""One client's connection: the handshake, its requests in, messages out."""

import asyncio
import time
from collections import deque
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from marketbus.lab.errors import LabError
from marketbus.lab.tws import frame, peer, versions
from marketbus.lab.tws.contract import NEW_YORK
from marketbus.lab.tws.faults import Action, Courier, Fault, Script
from marketbus.lab.tws.frame import BadFrame, Fields
from marketbus.lab.tws.messages import notices
from marketbus.lab.tws.messages.message import Message

_HELLO = b"API\0"
_READ = 1 << 16
_START_API = 71
_SECOND_NS = 1_000_000_000


class Hub(Protocol):
    """What a session talks to."""

    def joined(self, session: "Session") -> None:
        """It said who it is."""
        ...

    def request(self, session: "Session", body: bytes) -> None:
        """It asks for something."""
        ...

    def left(self, session: "Session") -> None:
        """It is gone."""
        ...

    def now_ns(self) -> int:
        """The market's time."""
        ...


class Session:
    """`client_id` -1 until it is known; `market_data` what it asked for with reqMarketDataType."""

    def __init__(
        self,
        hub: Hub,
        script: Script,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        newest: int,
        pace: int,
    ) -> None:
        self._hub = hub
        self._script = script
        self._reader = reader
        self._writer = writer
        self._newest = newest
        self._pace = pace
        self._sent: deque[int] = deque()
        self._courier = Courier(self._write, self.close, self.kill)
        self.version = 0
        self.client_id = -1
        self.started = False
        self.market_data = 1
        self.auto_open = False
        self.muted = False
        self.delay_s = 0.0
        self.on_the_way = 0
        """Requests that were sent and have not arrived."""

    async def run(self) -> None:
        """Serves it until it leaves."""
        buffer = bytearray()
        try:
            while data := await self._reader.read(_READ):
                buffer += data
                if not self.version and not self._greet(buffer):
                    continue
                for body in frame.split(buffer):
                    self._take(body)
        except (ConnectionError, BadFrame):
            pass  # gone, or no client of TWS: nobody is left to tell
        finally:
            self.close()
            self._hub.left(self)

    def send(self, message: Message) -> None:
        """One message, unless a fault gets it."""
        if self.closed:
            return
        fault = self._script.at(self.client_id, message.step) if self._script.faults else None
        self._courier.post(message, fault)

    def stream(self, data: bytes) -> None:
        """Market data: frames that no fault is looked up for."""
        if self._courier.idle:
            self._write(data)
        else:
            self._courier.post(Message("stream", data), None)

    def error(self, request: int, code: int, words: str, reject: str = "") -> None:
        """An error, warning or notice."""
        self.send(notices.error(self.version, request, code, words, self._hub.now_ns() // 1_000_000, reject))

    async def drained(self) -> None:
        """Returns when its buffer is nearly taken."""
        try:
            await self._writer.drain()
        except ConnectionError:
            self.close()

    @property
    def closed(self) -> bool:
        """Hung up."""
        return self._writer.is_closing()

    def close(self) -> None:
        """Hangs up."""
        self._courier.close()
        self._writer.close()

    def kill(self) -> None:
        """Its process dies; when it is our own, or not on this machine, its connection does."""
        try:
            peer.kill(self._writer.get_extra_info("sockname")[1], self._writer.get_extra_info("peername")[1])
        except LabError:
            self.close()

    def fault(self, request: str) -> Fault | None:
        """What happens to one of its requests."""
        return self._script.at(self.client_id, request) if self._script.faults else None

    def struck(self, fault: Fault | None) -> None:
        """TWS has the request; its client does not hear of it."""
        if fault is not None and fault.action is Action.CUT:
            self.close()
        elif fault is not None and fault.action in {Action.KILL, Action.KILL_AFTER}:
            self.kill()

    def _write(self, data: bytes) -> None:
        if not self.muted and not self._writer.is_closing():
            self._writer.write(data)

    def _greet(self, buffer: bytearray) -> bool:
        """The handshake: whether it is over. Raises BadFrame."""
        if len(buffer) < len(_HELLO):
            return False
        if not buffer.startswith(_HELLO):
            raise BadFrame("not a client of the API")
        offer = buffer[len(_HELLO) :]
        bodies = frame.split(offer)
        if not bodies:
            return False
        buffer[:] = offer
        oldest, _, newest = bodies[0].decode("ascii", "replace").partition(" ")[0].removeprefix("v").partition("..")
        if not oldest.isdigit() or not (newest or oldest).isdigit():
            raise BadFrame(f"no versions: {bodies[0]!r}")
        version = min(int(newest or oldest), self._newest)
        if version < max(int(oldest), versions.OLDEST):
            raise BadFrame(f"versions {oldest} to {newest or oldest} are not played")
        self.version = version
        now = datetime.fromtimestamp(self._hub.now_ns() / _SECOND_NS, ZoneInfo(NEW_YORK))
        self._write(frame.encode(str(version), f"{now:%Y%m%d %H:%M:%S %Z}"))
        for body in bodies[1:]:  # a client need not wait for the answer
            self._take(body)
        return True

    def _take(self, body: bytes) -> None:
        if self.closed:
            return
        if not self._in_pace():
            words = f"Max rate of messages per second has been exceeded:max={self._pace} rec={len(self._sent)} (1)"
            self.error(notices.NO_REQUEST, 100, words)
            self.close()
        elif self.started and self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, self._hub.request, self, body)
        elif self.started:
            self._hub.request(self, body)
        else:
            self._start(Fields(body))

    def _start(self, fields: Fields) -> None:
        if fields.integer() != _START_API:
            return  # TWS answers nothing before
        fields.integer()
        self.client_id = fields.integer()
        self.started = True
        self._hub.joined(self)

    def _in_pace(self) -> bool:
        if not self._pace:
            return True
        now = time.monotonic_ns()  # the client's patience is real, whatever the market's clock does
        while self._sent and now - self._sent[0] >= _SECOND_NS:
            self._sent.popleft()
        self._sent.append(now)
        return len(self._sent) <= self._pace
