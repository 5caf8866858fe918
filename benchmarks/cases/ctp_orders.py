"""From a client's call to the event that its order stands at the exchange, step by step, beside vnpy's RPC."""

import threading
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean, quantiles
from typing import NamedTuple

import msgspec

from benchmarks.cases.case import Case, Length, note, scratch
from benchmarks.consumers.orders import Sample
from benchmarks.errors import BenchmarkFailed
from benchmarks.lanes import orders
from benchmarks.lanes.orders import OrderLane
from benchmarks.procfs import cost
from benchmarks.result import Result
from benchmarks.sources.counter import counter
from marketbus.adapters.journal.reader import JournalReader, Wanted
from marketbus.domain.journal_entry import EntryKind
from marketbus.lab.ctp_family.client import LabControl

NAME = "ctp-orders"
SYMBOL = "rb2701.SHFE"
RATES = (1.0, 100.0, 300.0)
SECONDS = 10.0
FEWEST = 20
"""Orders at the lowest rate, however short the runs."""
WARM_UP = 100
FILL = 0.1
"""Seconds after which somebody takes what stands: no account has thousands of open orders."""
REST = 3.0
"""Seconds between two runs: the fills that clear the table are told."""
STEPS = ("client→desk", "checks, journal", "SDK call", "counter", "journal, NATS→client")


def run(length: Length) -> list[Result]:
    """Two accounts of one counter take turns at each rate."""
    results: list[Result] = []
    with (
        scratch() as folder,
        counter(folder, instruments=100, rate=20.0) as (addresses, control),
        orders.bus(folder / "ours", addresses, SYMBOL) as ours,
        orders.rpc(folder / "peer", addresses) as peer,
    ):
        for lane in (ours, peer):
            paced(lane, control, 100.0, WARM_UP, ours.price)
        for rate in RATES:
            count = max(FEWEST, round(rate * (length.seconds or SECONDS)))
            own, other = (paced(lane, control, rate, count, ours.price) for lane in (ours, peer))
            results += _results(rate, own.samples, other.samples, _called(ours.journal))
            results.append(
                Result.of(
                    f"{NAME}, {rate:g}/s", "CPU of the gateway's process", "ms/order", [own.cpu], [other.cpu],
                    peer_name="vnpy RPC", lower_is_better=True,
                )
            )  # fmt: skip
    return results


class Paced(NamedTuple):
    """One run."""

    samples: list[Sample]
    cpu: float
    """ms an order, its acceptance and most of the fills."""


def paced(lane: OrderLane, control: LabControl, rate: float, count: int, price: float) -> Paced:
    """Orders that stand, and are filled soon; every one must have been told to stand.

    Raises:
        BenchmarkFailed: one was not.
    """
    before = cost(lane.server.pid)
    done = threading.Event()

    def fill() -> None:
        symbol = SYMBOL.partition(".")[0]
        while not done.wait(FILL):
            control.strike(symbol, "sell", count, price)
        control.strike(symbol, "sell", count, price)

    filling = threading.Thread(target=fill)
    filling.start()
    try:
        samples = lane.send(rate, count, SYMBOL, price)
    finally:
        done.set()
        filling.join()
    cpu = (cost(lane.server.pid).cpu - before.cpu) / count * 1000
    lost = sum(not each.told for each in samples)
    if lost or len(samples) != count:
        raise BenchmarkFailed(f"{lane.name}: {lost} of {count} orders were not told to stand at the exchange")
    p50, p99 = quantiles_ms([each.told - each.began for each in samples])
    note(f"{NAME}: {lane.name}: {rate:g}/s: {count} orders, p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    time.sleep(REST)
    return Paced(samples, cpu)


def _results(rate: float, own: Sequence[Sample], other: Sequence[Sample], called: dict[str, int]) -> list[Result]:
    name = f"{NAME}, {rate:g}/s"
    about = (
        f"{len(own)} orders each at {rate:g}/s, which stand and are filled within {FILL:g} s; client call → NATS → "
        "desk (25 rules) → journal on the disk → vnpy_ctp → simulated counter → journal → NATS → event that it stands "
        "at the exchange; peer: unmodified vnpy_ctp, EventEngine, RpcServer → RpcClient, without checks and without a "
        "journal"
    )
    whole = [each.told - each.began for each in own], [each.told - each.began for each in other]
    out: list[Result] = []
    for place, label in enumerate(("p50", "p99")):
        ours, peer = (quantiles_ms(each)[place] for each in whole)
        out.append(
            Result.of(
                name, f"call → accepted {label}", "ms", [ours], [peer], peer_name="vnpy RPC", lower_is_better=True,
                conditions=about if not place else "",
            )
        )  # fmt: skip
    steps = {step: [_parts(each, called[each.order_id])[at] for each in own] for at, step in enumerate(STEPS)}
    total = fmean(whole[0])
    for step, values in steps.items():
        p50, p99 = quantiles_ms(values)
        words = f"{step}: {100 * fmean(values) / total:.0f} % of the mean, p99 {p99:.2f} ms"
        out.append(Result.of(name, f"of it {step} p50", "ms", [p50], lower_is_better=True, conditions=words))
    return out


def _parts(sample: Sample, called: int) -> list[int]:
    """ns of each of STEPS; the venue's word may come before the SDK's call has returned."""
    back = min(sample.sent or sample.heard, sample.heard)
    marks = (sample.began, sample.claimed, called, back, sample.heard, sample.told)
    return [after - before for before, after in pairwise(marks)]


def _called(journal: Path | None) -> dict[str, int]:
    """When the SDK was called, by order."""
    assert journal is not None
    found: dict[str, int] = {}
    for each in JournalReader(journal).entries(Wanted()):
        if each.entry.kind is EntryKind.SENT:
            facts = msgspec.json.decode(each.entry.body, type=dict[str, dict[str, object]])["facts"]
            found[each.entry.client_order_id] = int(str(facts["called"]))
    return found


def quantiles_ms(values: Sequence[int]) -> tuple[float, float]:
    """p50 and p99 in ms, of ns."""
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49] / 1e6, cuts[98] / 1e6


CASE = Case(NAME, "an order from the client's call to the event that it stands at the exchange", run)
