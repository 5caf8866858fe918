"""A thread that computes in Python without a pause: a strategy, an indicator, somebody's loop."""

import threading


class Busy:
    """Off at first."""

    def __init__(self) -> None:
        self._on = False
        self._thread: threading.Thread | None = None

    def set(self, *, on: bool) -> bool:
        """Start it, or stop it and wait for its end; gives `on`."""
        self._on = on
        if on and self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        elif not on and self._thread is not None:
            self._thread.join()
            self._thread = None
        return on

    def _run(self) -> None:
        number = 1
        while self._on:
            number = number * 1_103_515_245 % 2_147_483_647 + 12_345
