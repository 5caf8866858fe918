"""Ticks and contracts as tables."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import msgspec

from marketbus.domain.errors import NotSupported

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

S = TypeVar("S", bound=msgspec.Struct)
INSTANTS = frozenset(
    {"datetime", "received", "time", "started", "last_tick", "market_time"}
    | {"created", "sent", "cancel_sent", "modify_sent", "updated", "valid_until"}
)
"""Fields that are ns UTC; they become columns of aware times in Asia/Shanghai, empty where they are 0."""
_MAPS = ("extra", "ext")
ZONE = "Asia/Shanghai"


@overload
def to_frame(items: Iterable[msgspec.Struct], kind: Literal["pandas"] = "pandas") -> "pd.DataFrame": ...
@overload
def to_frame(items: Iterable[msgspec.Struct], kind: Literal["polars"]) -> "pl.DataFrame": ...
def to_frame(items: Iterable[msgspec.Struct], kind: Literal["pandas", "polars"] = "pandas") -> Any:
    """A table of ticks, contracts or other domain objects, one row each, fields as columns.

    Times are aware columns in Asia/Shanghai, nanoseconds kept; an exchange is its name. Gaps among ticks are left out.

    Raises:
        NotSupported: pandas or polars is not installed.
    """
    rows = list(items)
    first = next((row for row in rows if "datetime" in row.__struct_fields__), rows[0] if rows else None)
    if first is None:
        columns: dict[str, list[Any]] = {}
    else:
        rows = [row for row in rows if type(row) is type(first)]
        columns = {name: [_plain(getattr(row, name)) for row in rows] for name in first.__struct_fields__}
    return _polars(columns) if kind == "polars" else _pandas(columns)


class Rows(list[S]):
    """A list that can show itself as a table."""

    @overload
    def to_frame(self, kind: Literal["pandas"] = "pandas") -> "pd.DataFrame": ...
    @overload
    def to_frame(self, kind: Literal["polars"]) -> "pl.DataFrame": ...
    def to_frame(self, kind: Literal["pandas", "polars"] = "pandas") -> Any:
        """See `marketbus.to_frame`."""
        return to_frame(self, kind) if kind == "polars" else to_frame(self)


def _plain(value: Any) -> Any:
    # A str subclass (an enum) would show as its class in some tables.
    return str(value) if isinstance(value, str) and type(value) is not str else value


def _pandas(columns: dict[str, list[Any]]) -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise NotSupported("pandas is not installed", 'pip install "marketbus[pandas]"') from None
    series: dict[str, Any] = {}
    for name, values in columns.items():
        if name in INSTANTS:
            times = pd.Series(pd.array([value or None for value in values], dtype="Int64"))
            series[name] = pd.to_datetime(times, unit="ns", utc=True).dt.tz_convert(ZONE)
        else:
            series[name] = pd.Series(values, dtype=object if name in _MAPS else None)
    return pd.DataFrame(series)


def _polars(columns: dict[str, list[Any]]) -> Any:
    try:
        import polars as pl
    except ImportError:
        raise NotSupported("polars is not installed", 'pip install "marketbus[polars]"') from None
    series: list[Any] = []
    for name, values in columns.items():
        if name in INSTANTS:
            times = pl.Series(name, [value or None for value in values], dtype=pl.Int64).cast(pl.Datetime("ns", "UTC"))
            series.append(times.dt.convert_time_zone(ZONE))
        elif name in _MAPS:
            texts = [None if value is None else msgspec.json.encode(value).decode() for value in values]
            series.append(pl.Series(name, texts, dtype=pl.String))
        else:
            series.append(pl.Series(name, values, strict=False))
    return pl.DataFrame(series)
