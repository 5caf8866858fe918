"""The lab's CTP counter as a process of its own."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.process import Process
from marketbus.lab.ctp_family.client import LabControl

INSTRUMENTS = 500


class Counter(msgspec.Struct, frozen=True):
    """Where it listens."""

    td: str
    md: str
    control: str

    def setting(self, user: str) -> dict[str, str]:
        """As vnpy's users write it."""
        return {
            "用户名": user,
            "密码": "bench",
            "经纪商代码": "9999",
            "交易服务器": self.td,
            "行情服务器": self.md,
            "产品名称": "bench",
            "授权编码": "0000000000000000",
            "柜台环境": "测试",
        }


@contextmanager
def counter(folder: Path, instruments: int = INSTRUMENTS, rate: float = 0.0) -> Generator[tuple[Counter, LabControl]]:
    """`rate`: ticks a second; Volume rises by exactly 1 a tick."""
    argv = [sys.executable, "-m", "marketbus.apps.main", "lab", "ctp", "--rate", str(rate), "--money", "1e10"]
    with Process("counter", [*argv, "--instruments", str(instruments)], folder) as process:
        addresses = msgspec.convert(process.hear(), Counter)
        with LabControl.at(addresses.control) as control:
            yield addresses, control
