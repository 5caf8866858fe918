"""What ends a case, or keeps it from beginning."""


class NotRunnable(Exception):
    """This machine lacks what a case or a peer needs; says what, and how to get it."""


class BenchmarkFailed(Exception):
    """A part did not start, did not answer, or did not come to rest; says which and its last words."""
