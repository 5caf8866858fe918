"""Why a counter or a venue says no."""

from enum import Enum, auto


class Refusal(Enum):
    """The counter's own reasons: the order never reached the venue."""

    NOT_CONFIRMED = auto()
    """Yesterday's settlement was not confirmed."""
    DUPLICATE = auto()
    """The order's reference does not rise within its session."""
    FIELD = auto()
    NO_INSTRUMENT = auto()
    NOT_TRADING = auto()
    """It is past its last day."""
    NOT_PLAYED = auto()
    """Combinations, conditional orders and the like."""
    PRICE_KIND = auto()
    """That exchange takes no such orders."""
    POSITION = auto()
    TODAY = auto()
    YESTERDAY = auto()
    """Not enough of that to close."""
    MONEY = auto()
    NO_ORDER = auto()
    """Nothing of that name to cancel."""
    DONE = auto()
    """Filled or cancelled already."""
    CANCEL_FIELD = auto()
    CANCEL_PENDING = auto()
    """A cancel of it is on its way."""


class Refused(Exception):
    """The counter refuses, for this reason."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.name)
        self.why = why


class Veto(Enum):
    """The venue's reasons."""

    CLOSED = auto()
    """No session of that instrument."""
    PRICE_GRID = auto()
    ABOVE_LIMIT = auto()
    BELOW_LIMIT = auto()
    SCRIPTED = auto()
    """A test asked for it."""
