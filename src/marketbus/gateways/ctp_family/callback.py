"""A guard for SDK callbacks: vnpy's binding prints an exception to stdout and forgets it; here it is reported."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from marketbus.domain.status import Level
from marketbus.ports.gateway import GatewaySink, Logged

P = ParamSpec("P")


class _HasSink(Protocol):
    @property
    def sink(self) -> GatewaySink: ...


S = TypeVar("S", bound=_HasSink)


def guarded(callback: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """Report what the callback raises; the SDK's thread goes on."""

    @wraps(callback)
    def run(self: S, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 (the last frame before foreign code)
            detail = f"{type(error).__name__}: {error}"
            fields = {"callback": callback.__name__, "detail": detail[:300]}
            self.sink.event(Logged(Level.ERROR, "gateway.callback_failed", {**fields}))

    return run
