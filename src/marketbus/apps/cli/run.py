"""Runs a command's coroutine; Ctrl-C is quiet."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TypeVar, cast

import typer

from marketbus.apps.exit_codes import ExitCode
from marketbus.domain.errors import MarketBusError

T = TypeVar("T")


def run(work: Coroutine[None, None, T]) -> T:
    """The coroutine's result; an error of ours comes out of task groups as itself."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except BaseExceptionGroup as group:
        for error in _leaves(group):
            if isinstance(error, MarketBusError | BrokenPipeError):
                raise error from None
        raise


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(inner)
    else:
        yield error
