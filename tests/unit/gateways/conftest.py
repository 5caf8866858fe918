"""vnpy picks its folder when it is imported: one that goes away with the tests, not the user's home."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _import_vnpy_in(folder: Path) -> None:
    (folder / ".vntrader").mkdir()
    before = Path.cwd()
    os.chdir(folder)
    try:
        import vnpy.trader.utility  # noqa: F401  # pyright: ignore[reportUnusedImport]
    finally:
        os.chdir(before)


_folder = Path(tempfile.mkdtemp(prefix="marketbus-vnpy-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
_import_vnpy_in(_folder)
