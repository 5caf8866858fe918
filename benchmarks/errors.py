"""What ends a case."""


class BenchmarkFailed(Exception):
    """A part did not start, did not answer, or did not come to rest; says which and its last words."""
