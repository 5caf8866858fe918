from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from marketbus.adapters.metrics.catalogue import METRICS
from marketbus.adapters.metrics.collector import WorkerCollector
from marketbus.domain.worker_view import WorkerView
from tests.unit.domain.vitals import vitals


def page(*views: WorkerView) -> str:
    registry = CollectorRegistry()
    registry.register(WorkerCollector(lambda: views))
    return generate_latest(registry).decode()


def view(name: str) -> WorkerView:
    return WorkerView(name, trades=True, running=True, starts=1, ends={"SIGKILL": 2}, age=0.5, vitals=vitals())


def test_the_page_is_prometheus_and_names_every_metric_once() -> None:
    families = list(text_string_to_metric_families(page(view("a"), view("b"))))
    assert sorted(family.name for family in families) == sorted(METRICS)
    for family in families:
        assert family.type == METRICS[family.name].kind, family.name


def test_every_metric_has_samples_of_every_gateway_with_its_labels() -> None:
    for family in text_string_to_metric_families(page(view("a"), view("b"))):
        if family.name in ("marketbus_ticks_rejected", "marketbus_errors", "marketbus_order_misfits"):
            continue  # nothing of the kind happened
        if family.name in ("marketbus_order_step_seconds", "marketbus_alerts"):
            continue  # no order was sent, no alert configured
        assert {sample.labels["gateway"] for sample in family.samples} == {"a", "b"}, family.name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(METRICS[family.name].labels), sample.name


def test_alerts_are_counted_by_target_and_outcome() -> None:
    registry = CollectorRegistry()
    registry.register(WorkerCollector(lambda: (), lambda: {"dingtalk-0": {"sent": 3, "failed": 1}}))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    (alerts,) = (family for family in families if family.name == "marketbus_alerts")
    assert {(each.labels["target"], each.labels["outcome"], each.value) for each in alerts.samples} == {
        ("dingtalk-0", "sent", 3),
        ("dingtalk-0", "failed", 1),
    }


def test_a_worker_that_does_not_report_shows_only_that() -> None:
    mute = WorkerView("a", trades=False, running=False, starts=3, ends={"exit code 1": 3})
    families = {family.name: family.samples for family in text_string_to_metric_families(page(mute))}
    told = {name for name, samples in families.items() if samples}
    assert told == {
        "marketbus_worker_running", "marketbus_worker_reporting", "marketbus_worker_standby",
        "marketbus_worker_given_up", "marketbus_worker_starts", "marketbus_worker_ends", "marketbus_trades",
    }  # fmt: skip
    assert families["marketbus_worker_ends"][0].value == 3
