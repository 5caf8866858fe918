"""What the control port of a counter takes."""

_MARKET = ("rate", "burst", "pause", "resume", "clock", "malformed", "oracle", "status")
_FAULTS = ("drop", "mute", "refuse", "delay", "reject_login", "ignore", "crash", "hang")
_TRADING = ("order", "cancel", "strike", "books", "fault", "heal", "venue", "reject_orders", "deposit", "position")
COMMANDS = frozenset(_MARKET + _FAULTS + _TRADING)
