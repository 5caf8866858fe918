"""What a process of ours says by the number it ends with."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Of a worker, and of the command line."""

    STOPPED = 0
    """Asked to stop, and stopped."""
    FAILURE = 1
    """A command could not do what was asked; of a worker: a crash."""
    USAGE = 2
    """Wrong command line or configuration."""
    DENIED = 3
    """An order that one of our rules denied: it never reached the venue."""
    REJECTED = 4
    """An order that the venue rejected."""
    OUTCOME_UNKNOWN = 5
    """Nobody knows yet what became of an order: look it up by its id."""
    CONFIG = 64
    """A worker found its configuration wrong: starting it again would not help."""
    REPLACE = 70
    """A worker asks to be replaced by a fresh process: a reconnect was asked for, or the SDK hangs."""
    STEPPED_DOWN = 75
    """Another worker holds the gateway's name; started again, this one waits as standby."""
    INTERRUPTED = 130
    """Ctrl-C."""
