"""Where the line's sessions stand, as the host is told: TWS has one socket for market data and trading."""

from collections.abc import Sequence

from marketbus.domain.message import Bilingual
from marketbus.domain.session import Channel, SessionState
from marketbus.ports.gateway import GatewaySink, SessionChanged


class States:
    """Of both channels, or of market data alone."""

    def __init__(self, sink: GatewaySink, address: str, channels: Sequence[Channel]) -> None:
        self.now = SessionState.DISCONNECTED
        """Of the line; market data alone may be STALE meanwhile."""
        self._sink = sink
        self._address = address
        self._channels = channels

    def enter(
        self, state: SessionState, code: int | None = None, words: str = "", hint: Bilingual | None = None
    ) -> None:
        """All channels. While TWS makes us wait, the steps on the way to the same answer are not told."""
        if self.now is SessionState.WAITING and state in (SessionState.CONNECTING, SessionState.AUTHENTICATING):
            return
        self.now = state
        for channel in self._channels:
            self._sink.event(SessionChanged(channel, state, self._address, code, words, hint))

    def market_data(
        self, state: SessionState, code: int | None = None, words: str = "", hint: Bilingual | None = None
    ) -> None:
        """Market data alone, while the line is READY."""
        if self.now is SessionState.READY:
            self._sink.event(SessionChanged(Channel.MD, state, self._address, code, words, hint))
