"""What goes wrong in the lab itself (never in the counter it plays)."""


class LabError(Exception):
    """The lab cannot do what was asked; the text says what to do about it."""
