"""What an order would do to its account, as the venue reckons it; nothing is sent for it."""

import msgspec


class Effect(msgspec.Struct, frozen=True):
    """On one figure of the account, currency; None where the venue does not say."""

    before: float | None = None
    change: float | None = None
    after: float | None = None


class OrderPreview(msgspec.Struct, frozen=True):
    """The answer to a what-if."""

    initial_margin: Effect
    """Needed to open."""
    maintenance_margin: Effect
    """Needed to hold."""
    equity: Effect
    """With loan value."""
    commission: float | None = None
    """Currency of `commission_currency`; where the venue cannot tell it exactly, the two bounds."""
    commission_min: float | None = None
    commission_max: float | None = None
    commission_currency: str = ""
    warning: str = ""
    """The venue's words."""
    currency: str = ""
    """Of the account: of margins and equity."""
    denied_by: str = ""
    """The rule of ours that would say no to the order now; empty when none would."""
    denied_words: str = ""
