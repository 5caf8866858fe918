"""Runs a command that dies with the process that started it, even when that one is killed.

`python tether.py PARENT_PID [SIGNAL] -- COMMAND...` asks the kernel for a signal at the parent's death
(prctl(2), PR_SET_PDEATHSIG; kept over execve) and becomes the command. Linux only; elsewhere it just becomes the
command. Imports nothing of ours: it runs once per process started.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def prefix(end: signal.Signals = signal.SIGKILL) -> list[str]:
    """What to put before a command that this process starts, from its main thread."""
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), end.name, "--"]


def main(argv: list[str]) -> None:
    """Tie ourselves to the parent, then become the command."""
    at = argv.index("--")
    parent, end, command = int(argv[0]), signal.Signals[argv[1]] if at > 1 else signal.SIGKILL, argv[at + 1 :]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(end), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
