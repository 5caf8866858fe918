"""Is it green? The supervisor's answers over HTTP, with a real worker behind them."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from marketbus.adapters.metrics.catalogue import METRICS
from tests.system import System, eventually
from tests.system.process import descendants
from tests.system.receiver import Receiver, receiver
from tests.system.supervisor_http import ask, readyz, served

SECRET = "0123456789abcdef"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with System(tmp_path) as system:
        yield system


def metrics(at: str) -> dict[tuple[str, str], float]:
    """Values by name and the label that tells most."""
    families = text_string_to_metric_families(ask(f"http://{at}/metrics")[1].decode())
    return {
        (
            sample.name,
            sample.labels.get("state") or sample.labels.get("step") or sample.labels.get("outcome") or "",
        ): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


@pytest.fixture
def phone() -> Iterator[Receiver]:
    with receiver() as phone:
        yield phone


async def test_what_the_operator_sees_and_is_told(system: System, phone: Receiver) -> None:
    one = system.kind.one
    config = system.config(ctp=system.gateway(one, trading=True))
    hook = f"json://127.0.0.1:{phone.port}/{SECRET}"
    config.write_text(config.read_text("utf-8") + f'[alerts]\nto = [{{ url = "{hook}" }}]\n', "utf-8")
    up = system.cli("up", "up", "-c", str(config))
    at = await eventually(lambda: served(up.words()), "the address")
    await eventually(lambda: "READY:" in up.words(), "the worker says so")
    assert readyz(at)["health"] == "ready", "who has read it is told the same"
    async with system.connect() as bus:
        async with bus.ticks(one, ttl=1.5) as ticks:
            some = [await anext(ticks) for _ in range(20)]
            order = await bus.buy(one, 1, some[-1].last_price + 20)
            await order.done()
            await eventually(
                lambda: metrics(at)["marketbus_tick_to_client_seconds_count", ""] > 0, "the client's own figures"
            )
        seen = metrics(at)
        assert seen["marketbus_orders_ended_total", "FILLED"] == 1
        assert seen["marketbus_order_fills_total", ""] >= 1
        assert [seen["marketbus_order_step_seconds_count", step] for step in ("journal", "sdk", "venue")] == [1, 1, 1]
        assert seen["marketbus_tick_from_venue_seconds_sum", ""] < 10 * seen["marketbus_ticks_total", ""]
        assert seen["marketbus_journal_position", ""] > 0
        names = {family.name for family in text_string_to_metric_families(ask(f"http://{at}/metrics")[1].decode())}
        assert set(METRICS) <= names
        assert system.cli("kill", "kill", "--url", system.nats.url).wait() == 0
        await eventually(lambda: "紧急停止" in "".join(readyz(at, "zh")["differs"]), "the kill switch is told")
        health = system.cli("health", "health", "--at", at)
        assert health.wait() == 1
        assert "the kill switch is pulled" in health.words()
    worker = next(pid for pid, line in descendants(up.pid).items() if "apps.worker ctp" in line)
    system.nats.stop()
    await eventually(lambda: any("NATS" in each for each in readyz(at, "zh")["differs"]), "NATS is away")
    os.kill(worker, signal.SIGKILL)
    await eventually(lambda: metrics(at)["marketbus_worker_running", ""] == 0, "gone")
    assert ask(f"http://{at}/healthz")[0] == 200
    told = await eventually(lambda: phone.words() if "SIGKILL" in phone.words() else None, "the killed worker is told")
    assert "worker ctp ended (SIGKILL); starting it again in" in told
    assert "工作进程 ctp 已退出（SIGKILL）" in told
    assert "[严重 CRITICAL] ctp 仿真 SIMULATED" in told
    assert "KILL by" in told
    assert SECRET not in up.words()
    await eventually(lambda: metrics(at)["marketbus_alerts_total", "sent"] >= 2, "both are counted")
    for path, code in (("/", 404), ("/metrics/../etc", 404), ("/readyz?lang=%ff", 503)):
        assert ask(f"http://{at}{path}")[0] == code
