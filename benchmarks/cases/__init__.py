"""The cases, each in a module; adding one is that module and a name here."""

from benchmarks.cases.case import Case


def cases() -> dict[str, Case]:
    """By name, in the order they run."""
    from benchmarks.cases import (
        codec,
        ctp_5k,
        ctp_flood,
        ctp_orders,
        ib_5k,
        ib_flood,
        journal,
        synthetic_flood,
        synthetic_paced,
    )  # fmt: skip

    synthetic = (codec.CASE, *synthetic_paced.CASES, synthetic_flood.FOUR, synthetic_flood.ONE)
    every = (*synthetic, ctp_5k.CASE, ctp_flood.CASE, ib_5k.CASE, ib_flood.CASE, ctp_orders.CASE, journal.CASE)
    return {case.name: case for case in every}
