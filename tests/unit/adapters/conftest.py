import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import uvloop
from nats_process import NatsProcess

from marketbus.wire.native import Native, native

ON_BOTH_LOOPS = {"test_nats_seam", "test_nats_security", "test_nats_tick_publisher", "test_nats_tls_ticks"}
"""A worker runs on uvloop where there is one; what touches the socket must hold on either."""


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.stem in ON_BOTH_LOOPS:
        loops["uvloop"] = uvloop.new_event_loop
    return loops


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsProcess]:
    """A nats-server with JetStream, running."""
    process = NatsProcess(tmp_path, "-js", "-sd", str(tmp_path / "js"))
    process.start()
    yield process
    process.kill()


@pytest.fixture(params=["python", "native"])
def twin(request: pytest.FixtureRequest) -> Native:
    """The Python code, and the accelerator that stands for it where it is installed."""
    if request.param == "python":
        return Native(None, "python")
    found = native()
    if found.module is None:
        pytest.skip(found.words)
    return found
