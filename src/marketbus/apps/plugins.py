"""Gateways by kind, found through the entry points `marketbus.gateways`."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.metadata import entry_points

from marketbus.domain.errors import ConfigError
from marketbus.ports.gateway import GatewayPlugin

GROUP = "marketbus.gateways"


def kinds() -> tuple[str, ...]:
    """The kinds that are installed."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def plugin(kind: str) -> GatewayPlugin:
    """The plugin of a kind. Loads no SDK.

    Raises:
        ConfigError: none of that kind, or it cannot be imported.
    """
    for point in entry_points(group=GROUP, name=kind):
        try:
            return point.load()
        except (ImportError, AttributeError) as error:
            raise ConfigError("kind", f"{kind} cannot be loaded from {point.value}: {error}") from None
    raise ConfigError("kind", f"unknown kind {kind!r}", f"known: {', '.join(kinds())}")


def nearest(word: str, known: Iterable[str]) -> str:
    """`(did you mean ...?)`, or nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""
