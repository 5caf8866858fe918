"""Where the past is kept: a gateway whose venue can be asked for it, or a store."""

from collections.abc import AsyncGenerator
from typing import Protocol, runtime_checkable

from marketbus.domain.history import HistoryPart, HistoryRequest


@runtime_checkable
class HistorySource(Protocol):
    """A gateway that declares Capability.HISTORY, or a store of ours. Called on the worker's loop."""

    def query_history(self, request: HistoryRequest) -> AsyncGenerator[HistoryPart]:
        """The past, part by part; closing the generator gives the rest up, at the venue too.

        A part without items and with a `wait` comes before a pause that the venue's pace demands: who cannot wait
        closes, and asks for the rest from `until` on later.

        Raises:
            GatewayError: the venue refused, in its words, or did not answer.
            NotSupported: it has no such interval or no such ticks.
            UnknownInstrument: the venue does not list it.
        """
        ...
