"""The cases, each in a module; adding one is that module and a name here."""

from benchmarks.cases.case import Case


def cases() -> dict[str, Case]:
    """By name, in the order they run."""
    from benchmarks.cases import (
        codec,
        ctp_5k,
        ctp_busy,
        ctp_flood,
        ctp_orders,
        ctp_orders_flood,
        ib_5k,
        ib_flood,
        journal,
        memory,
        synthetic_flood,
        synthetic_paced,
    )  # fmt: skip

    every = (
        codec.CASE, *synthetic_paced.CASES, synthetic_flood.FOUR, synthetic_flood.ONE,
        ctp_5k.CASE, ctp_busy.CASE, ctp_flood.CASE, ctp_orders.CASE, ctp_orders_flood.CASE,
        ib_5k.CASE, ib_flood.CASE, journal.CASE, memory.CASE,
    )  # fmt: skip
    return {case.name: case for case in every}
