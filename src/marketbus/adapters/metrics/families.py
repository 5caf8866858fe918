"""The families of one exposition, filled by name."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import Metric

from marketbus.adapters.metrics.catalogue import METRICS
from marketbus.domain.histogram import SECONDS, Distribution

_LE = (*map(str, SECONDS), "+Inf")


class Families:
    """Every metric of the catalogue is there, with or without samples."""

    def __init__(self) -> None:
        self._families = {name: Metric(name, each.words, each.kind) for name, each in METRICS.items()}

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._families.values())

    def put(self, name: str, value: float | None, *labels: str) -> None:
        """One value; None says nothing. `labels`: their values, in the catalogue's order."""
        if value is not None:
            ending = "_total" if METRICS[name].kind == "counter" else ""
            self._families[name].add_sample(name + ending, _labelled(name, labels), float(value))

    def put_each(self, name: str, values: Mapping[str, float], *labels: str) -> None:
        """One value for each value of the last label."""
        for last, value in values.items():
            self.put(name, value, *labels, last)

    def put_seconds(self, name: str, seconds: Distribution, *labels: str) -> None:
        """A histogram."""
        family, labelled = self._families[name], _labelled(name, labels)
        for bound, count in zip(_LE, _running(seconds.counts), strict=True):
            family.add_sample(f"{name}_bucket", labelled | {"le": bound}, count)
        family.add_sample(f"{name}_count", labelled, seconds.count)
        family.add_sample(f"{name}_sum", labelled, seconds.total)


def _labelled(name: str, labels: Iterable[str]) -> dict[str, str]:
    return dict(zip(METRICS[name].labels, labels, strict=True))


def _running(counts: Iterable[int]) -> Iterator[int]:
    total = 0
    for count in counts:
        total += count
        yield total
