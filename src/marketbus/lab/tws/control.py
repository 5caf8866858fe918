"""What the control port of a simulated TWS takes."""

_MARKET = ("rate", "burst", "step", "pause", "resume", "clock", "oracle", "status", "permission", "raw")
_FAULTS = (
    "drop", "mute", "refuse", "delay", "connectivity", "farm", "history_farm", "competing", "fault", "heal", "notice",
)  # fmt: skip
_TRADING = (
    "order", "modify", "cancel", "strike", "books", "venue", "reject_orders", "advise", "deposit", "position",
)  # fmt: skip
COMMANDS = frozenset(_MARKET + _FAULTS + _TRADING)
