from collections.abc import Iterator
from pathlib import Path

import pytest
from nats_process import NatsProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsProcess]:
    """A nats-server with JetStream, running."""
    process = NatsProcess(tmp_path, "-js", "-sd", str(tmp_path / "js"))
    process.start()
    yield process
    process.kill()
