"""vnpy picks its folder when it is imported: `./.vntrader` if that exists, else one in the home directory."""

import os
from pathlib import Path


def enter(folder: Path) -> None:
    """Make the worker's private folder the one that vnpy will find. Before the first import of vnpy.trader.utility."""
    (folder / ".vntrader").mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
