"""What a consumer may ask of a feed, beyond which instruments."""

import inspect
from collections.abc import Sequence
from typing import TypedDict

from marketbus.client.feed import Wish
from marketbus.client.hub import GapHandler
from marketbus.domain.errors import SymbolError
from marketbus.domain.instrument import Pattern

LIMIT = 100_000


class Choices(TypedDict, total=False):
    """Keyword arguments of `ticks` and `on_ticks`."""

    gateway: str | None
    """Take every instrument from this gateway; default: whichever carries it."""
    conflate: bool
    """Only the latest tick per instrument, for screens; default False."""
    in_session: bool
    """Leave out ticks outside trading hours; default False."""
    snapshot: bool
    """Last values first; default True."""
    on_gap: GapHandler | None
    """Called with every gap of this feed."""
    limit: int
    """Ticks kept for a consumer that does not keep up; then the oldest give way, as a gap; default 100,000."""
    ttl: float
    """Seconds that the subscription outlives this process if it dies; default 30."""
    wait: float
    """Seconds to wait for gateways that are starting and have no contracts yet; default 10."""


def parse(patterns: Sequence[str]) -> tuple[Pattern, ...]:
    """Patterns, each once.

    Raises:
        SymbolError: one of them is none, or there is none at all.
    """
    if not patterns:
        raise SymbolError("no pattern given", "such as rb2701.SHFE, rb*.SHFE, *.SHFE or *")
    return tuple(dict.fromkeys(Pattern(text) for text in patterns))


def wish(patterns: Sequence[str], choices: Choices) -> Wish:
    """Patterns and choices, checked.

    Raises:
        SymbolError: a pattern is none.
        TypeError: an argument that there is not, or a coroutine function as `on_gap`.
    """
    unknown = set(choices) - Choices.__annotations__.keys()
    if unknown:
        raise TypeError(f"unexpected argument: {', '.join(sorted(unknown))}")
    on_gap = choices.get("on_gap")
    if inspect.iscoroutinefunction(on_gap):
        raise TypeError("on_gap is called, not awaited: give a plain function")
    return Wish(
        patterns=parse(patterns),
        gateway=choices.get("gateway"),
        in_session=choices.get("in_session", False),
        snapshot=choices.get("snapshot", True),
        ttl=choices.get("ttl", 30.0),
        wait=choices.get("wait", 10.0),
        on_gap=[] if on_gap is None else [on_gap],
    )
