"""The cases. Each is a module of its own with a `CASE`; adding one is that module and a line here."""

from benchmarks.cases.case import Case


def cases() -> dict[str, Case]:
    """By name, in the order they run."""
    from benchmarks.cases import ctp_5k, ctp_flood, synthetic_flood

    return {each.CASE.name: each.CASE for each in (ctp_5k, ctp_flood, synthetic_flood)}
