"""`marketbus kill` and `release`: over the bus where it is there, else over the sockets of this machine."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Literal, Self

import msgspec
import typer

from marketbus.adapters.local import socket
from marketbus.adapters.local.kill import KillAnswer, KillAnswers, KillAsk
from marketbus.apps import paths
from marketbus.apps.cli.desk_calls import Desks, desks
from marketbus.apps.cli.principal import principal
from marketbus.apps.exit_codes import ExitCode
from marketbus.domain.errors import BusUnavailable, MarketBusError, UnknownGateway
from marketbus.wire import rpc, td_rpc

LOOK = 0.25
"""Seconds between two looks at what is still open."""
AWAY = (BusUnavailable, UnknownGateway)
"""Reasons to try the local way."""
Show = Callable[[str, KillAnswer], None]
Do = Literal["kill", "release", "killed"]


class Asked(msgspec.Struct, frozen=True):
    """The command line."""

    gateway: str | None
    url: str | None
    local: bool
    why: str = ""
    timeout: float = 30.0
    as_json: bool = False


async def kill(asked: Asked) -> int:
    """Pull the switch, wait until the venue has confirmed that no order is open; gives the exit code."""
    async with _Way(asked) as way:
        return await _until_flat(way, asked)


async def _until_flat(way: "_Way", asked: Asked) -> int:
    show = _show_json if asked.as_json else _show
    end = time.monotonic() + asked.timeout
    answers = await way.do("kill")
    told: dict[str, KillAnswer] = {}
    while True:
        for name, answer in answers.items():
            if told.get(name) != answer:
                show(name, answer)
        told = answers
        if not any(_under_way(each) for each in answers.values()) or time.monotonic() >= end:
            break
        await asyncio.sleep(LOOK)
        answers = await way.do("killed")
    good = all(each.pulled and each.flat and not each.error for each in answers.values())
    for name, answer in answers.items():
        if _under_way(answer):
            typer.echo(f"{name}: NOT flat after {asked.timeout:g} s; the kill holds and goes on cancelling", err=True)
    return ExitCode.STOPPED if good else ExitCode.FAILURE


async def release(asked: Asked) -> int:
    """Take orders again; gives the exit code."""
    async with _Way(asked) as way:
        answers = await way.do("release")
    show = _show_json if asked.as_json else _show
    for name, answer in answers.items():
        show(name, answer)
    return ExitCode.FAILURE if any(each.pulled or each.error for each in answers.values()) else ExitCode.STOPPED


class _Way:
    """The bus; once that fails, this machine's sockets."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._local = asked.local
        self._ends = AsyncExitStack()
        self._live: Desks | None = None
        self._names: list[str] = []
        self._others: tuple[str, ...] = ()
        """Gateways of this machine that are not live on the bus."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ends.aclose()

    async def do(self, what: Do) -> dict[str, KillAnswer]:
        """What each gateway answers.

        Raises:
            MarketBusError: nobody could be asked.
        """
        if not self._local:
            try:
                return await self._over_the_bus(what)
            except AWAY as error:
                first = error
                typer.echo(f"marketbus: {error.message}; trying the sockets of this machine", err=True)
                self._local = True
        else:
            first = None
        try:
            return await self._here(what)
        except BusUnavailable as error:
            both = error.message if first is None else f"{first.message}; {error.message}"
            raise BusUnavailable(f"nobody could be told: {both}", error.hint) from None

    async def _over_the_bus(self, what: Do) -> dict[str, KillAnswer]:
        request = td_rpc.Kill(self._asked.why) if what == "kill" else rpc.Nothing()
        if self._live is None:
            self._live = await self._ends.enter_async_context(desks(self._asked.url))
            self._names = await self._trading(self._live)
            self._others = await self._not_live(self._names)
        live, names = self._live, self._names
        answers = await asyncio.gather(
            *(live.ask(name, what, request, td_rpc.Killed) for name in names), return_exceptions=True
        )
        found: dict[str, KillAnswer] = {}
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, BusUnavailable) and len(names) == 1:
                raise answer
            if isinstance(answer, MarketBusError):
                found[name] = KillAnswer(error=str(answer))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found[name] = KillAnswer(answer.pulled, answer.flat, answer.open)
        if self._others:
            question = KillAsk(what, principal(), self._asked.why, self._others)
            supervisor = paths.supervisor_socket(paths.state_dir())
            found |= (await socket.ask(supervisor, question, KillAnswers)).gateways
        return found

    async def _trading(self, live: Desks) -> list[str]:
        try:
            return list(await live.accounts(self._asked.gateway))
        except UnknownGateway:
            raise
        except MarketBusError as error:  # none is live; one that starts just now must hear of it all the same
            raise BusUnavailable(error.message, error.hint) from None

    async def _not_live(self, names: list[str]) -> tuple[str, ...]:
        """What this machine's supervisor runs besides; nothing, where there is none."""
        if self._asked.gateway is not None:
            return ()
        try:
            here = await socket.ask(
                paths.supervisor_socket(paths.state_dir()), KillAsk("killed", principal()), KillAnswers
            )
        except BusUnavailable:
            return ()
        return tuple(sorted(here.gateways.keys() - set(names)))

    async def _here(self, what: Do) -> dict[str, KillAnswer]:
        state = paths.state_dir()
        chosen = () if self._asked.gateway is None else (self._asked.gateway,)
        question = KillAsk(what, principal(), self._asked.why, chosen)
        try:
            answers = (await socket.ask(paths.supervisor_socket(state), question, KillAnswers)).gateways
        except BusUnavailable as error:
            answers = await self._workers(question)
            if not answers:
                raise BusUnavailable(
                    error.message, f"is MARKETBUS_STATE the one of the worker? here: {state}"
                ) from None
        if not answers:
            raise MarketBusError("no gateway of this machine trades", "set trading = true in its configuration")
        return answers

    async def _workers(self, question: KillAsk) -> dict[str, KillAnswer]:
        """Workers that run without a supervisor."""
        state = paths.state_dir()
        found: dict[str, KillAnswer] = {}
        for path in sorted((state / "gateways").glob("*/desk.sock")):
            name = path.parent.name
            if question.gateways and name not in question.gateways:
                continue
            try:
                found[name] = await socket.ask(path, question, KillAnswer)
            except BusUnavailable as error:
                if question.gateways:
                    found[name] = KillAnswer(error=error.message)
        return found


def _under_way(answer: KillAnswer) -> bool:
    return answer.pulled and not answer.flat and not answer.waiting and not answer.error


def _show(name: str, answer: KillAnswer) -> None:
    typer.echo(f"{name}: {_words(answer)}")


def _show_json(name: str, answer: KillAnswer) -> None:
    typer.echo(msgspec.json.encode({"gateway": name, **msgspec.structs.asdict(answer)}).decode())


def _words(answer: KillAnswer) -> str:
    if answer.error:
        return answer.error
    if answer.waiting:
        return "KILLED as soon as its worker starts; it does not answer now"
    if not answer.pulled:
        return "orders are taken"
    if answer.flat:
        return "KILLED, flat of orders: the venue has confirmed it"
    return f"KILLED, {answer.open} orders open, waiting for the venue" if answer.open else "KILLED, asking the venue"
