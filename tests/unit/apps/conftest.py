"""A gateway kind `stub`, installed the way a third party's would be: an entry point on the path."""

import sys
from pathlib import Path

import pytest

MODULE = """
from marketbus.domain.errors import ConfigError

class Plugin:
    kind = "stub"
    def validate(self, spec):
        if len(spec.setting.get("密码", "")) > 40:
            raise ConfigError("setting.密码", "is longer than 40 characters")
    def fronts(self, spec):
        host, _, port = spec.setting.get("front", "127.0.0.1:9").rpartition(":")
        return [("front", host, int(port))]
    def modules(self):
        return ["json"]
    def build(self, spec, context):
        raise NotImplementedError

plugin = Plugin()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path of this process and of those it starts."""
    folder = tmp_path / "site"
    info = folder / "marketbus_stub-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: marketbus-stub\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marketbus.gateways]\nstub = marketbus_stub:plugin\n")
    (folder / "marketbus_stub.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr("sys.path", [str(folder), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder
