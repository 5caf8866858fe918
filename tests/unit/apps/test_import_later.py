"""What a worker does not use costs it nothing, and works as ever when it is used."""

import subprocess
import sys

PROGRAM = """
import sys
from marketbus.apps.import_later import CHARTS, import_later

import_later(CHARTS)
import vnpy_ctp
from vnpy.trader import utility

assert not {"pandas", "polars"} & set(sys.modules), "imported at the start"
array = utility.ArrayManager(3)
array.high_array[:], array.low_array[:], array.close_array[:] = (4.0, 5.0, 6.0), (1.0, 2.0, 3.0), (2.0, 3.0, 4.0)
assert array.sma(2) == 3.5
import talib
import talib.abstract

assert talib.SMA is utility.talib.SMA
import_later(CHARTS)
assert sys.modules[CHARTS] is talib, "one that is there stays"
"""


def test_vnpy_is_imported_without_its_charts_and_has_them_when_it_uses_them() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
