"""The supervisor's own socket: the kill switch of every gateway here, NATS or not."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from marketbus.adapters.local import socket
from marketbus.adapters.local.kill import KillAnswer, KillAnswers, KillAsk, WaitingKill
from marketbus.apps import paths
from marketbus.apps.logs import Logs
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.status import Level

WORKER = 2.0
"""Seconds that a worker has to answer; one that does not is told when it comes back."""


class LocalControl:
    """Passes on what is asked, and writes a kill down where there is no worker to take it."""

    def __init__(self, state: Path, trading: Mapping[str, bool], logs: Logs) -> None:
        """`trading`: whether each configured gateway trades."""
        self._state = state
        self._trading = trading
        self._logs = logs

    async def run(self) -> None:
        """Answer until cancelled."""
        if not socket.HERE:
            return
        path = paths.supervisor_socket(paths.private(self._state))
        try:
            async with socket.serving(path, self.answer, alone=True):
                await asyncio.Event().wait()
        except (OSError, socket.Taken) as error:
            self._logs.log(Level.WARNING, "kill.no_socket", path=str(path), detail=str(error))

    async def answer(self, line: bytes) -> bytes:
        """One line for another."""
        try:
            asked = msgspec.json.decode(line, type=KillAsk)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return msgspec.json.encode(KillAnswers({"": KillAnswer(error=str(error))}))
        names = asked.gateways or tuple(name for name, trades in self._trading.items() if trades)
        answers = await asyncio.gather(*(self._one(name, asked) for name in names))
        return msgspec.json.encode(KillAnswers(dict(zip(names, answers, strict=True))))

    async def _one(self, name: str, asked: KillAsk) -> KillAnswer:
        if not self._trading.get(name):
            return KillAnswer(error="does not trade here" if name in self._trading else "is not configured here")
        waiting = WaitingKill(paths.private(paths.gateway_dir(self._state, name)))
        try:
            answer = await socket.ask(paths.desk_socket(self._state, name), asked, KillAnswer, WORKER)
        except BusUnavailable as error:
            return self._absent(name, waiting, asked, error.message)
        if asked.do == "release" and not answer.pulled:
            waiting.remove()
        return answer

    def _absent(self, name: str, waiting: WaitingKill, asked: KillAsk, words: str) -> KillAnswer:
        if asked.do == "release":
            return KillAnswer(pulled=True, error=f"its worker does not answer; the kill holds ({words})")
        if asked.do == "kill":
            try:
                waiting.write(asked)
            except OSError as error:
                return KillAnswer(error=f"its worker does not answer, and nothing can be written: {error.strerror}")
            self._logs.log(Level.WARNING, "kill.waits", worker=name, principal=asked.principal)
        return KillAnswer(pulled=waiting.read() is not None, waiting=True)
