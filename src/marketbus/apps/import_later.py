"""Modules that are imported when something of them is used, not when somebody names them."""

import importlib
import sys
from types import ModuleType
from typing import Any

CHARTS = "talib"
"""vnpy.trader.utility names it for the indicators of its chart arrays, and talib imports pandas and polars: two seconds
of CPU at every start of a worker, whose gateway uses none of them."""


class _Later(ModuleType):
    """In the place of a module until it is used. importlib.util.LazyLoader does not do: `import x` of a module that is
    there reads its `__spec__`, which is a use to it."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        real = importlib.import_module(self.__name__)
        self.__dict__.update(real.__dict__)
        return getattr(real, name)


def import_later(name: str) -> None:
    """From now on `import name` does nothing, and the first use of it everything. One that is imported stays."""
    sys.modules.setdefault(name, _Later(name))
