"""The public surface: light to import, tables, options."""

import subprocess
import sys
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd
import polars as pl
import pytest

import marketbus
from marketbus import Contract, Direction, Exchange, NotSupported, Offset, Order, OrderType, Tick, to_frame
from marketbus.client.frame import Rows
from marketbus.client.options import Options, urls_of
from marketbus.domain.contract import Product

NOON = 1_795_233_600_123_456_789  # 2026-11-21 12:00:00.123456789 Asia/Shanghai


def tick(seq: int) -> Tick:
    return Tick("ctp", "rb2701", Exchange.SHFE, NOON, NOON, 1, seq, last_price=3500.0, limit_up=None)


def test_importing_marketbus_loads_neither_nats_nor_tables() -> None:
    code = "import sys, marketbus; print([m for m in ('nats', 'msgspec', 'pandas', 'polars') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_using_the_bus_loads_no_tables() -> None:
    code = "import sys, marketbus; marketbus.connect; print([m for m in ('pandas', 'polars') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", marketbus.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(marketbus, name).__doc__


def test_ticks_as_a_pandas_table() -> None:
    frame = to_frame([tick(1), tick(2)])
    assert frame["datetime"].dt.tz == ZoneInfo("Asia/Shanghai")
    assert frame["datetime"].iloc[0] == pd.Timestamp(NOON, tz="Asia/Shanghai")
    assert str(frame["datetime"].iloc[0].time()) == "12:00:00.123456"
    assert list(frame["exchange"]) == ["SHFE", "SHFE"]
    assert type(frame["exchange"].iloc[0]) is str
    assert list(frame["seq"]) == [1, 2]


def test_ticks_as_a_polars_table() -> None:
    frame = Rows([tick(1)]).to_frame("polars")
    assert frame.schema["datetime"] == pl.Datetime("ns", "Asia/Shanghai")
    assert frame["exchange"].to_list() == ["SHFE"]
    assert frame["last_price"].to_list() == [3500.0]


def test_orders_as_tables() -> None:
    denied = Order(
        "ctp", "main", "rb2701", Exchange.SHFE, "a", Direction.LONG, Offset.OPEN, OrderType.LIMIT, 3000.0, 1.0,
        created=NOON, ext={"limit": 10, "value": "x"},
    )  # fmt: skip
    sent = msgspec.structs.replace(denied, sent=NOON, ext=None)
    frame = to_frame([denied, sent])
    assert frame["created"].iloc[0] == pd.Timestamp(NOON, tz="Asia/Shanghai")
    assert list(frame["sent"].isna()) == [True, False]
    assert list(frame["direction"]) == ["LONG", "LONG"]
    table = Rows([denied, sent]).to_frame("polars")
    assert table["sent"].is_null().to_list() == [True, False]
    assert table["ext"].to_list() == ['{"limit":10,"value":"x"}', None]


def test_contracts_and_nothing_as_tables() -> None:
    one = Contract("ctp", "rb2701", Exchange.SHFE, "螺纹钢2701", Product.FUTURES, 10.0, 1.0)
    assert list(to_frame([one])["product"]) == ["FUTURES"]
    assert len(to_frame([])) == 0
    assert len(to_frame([], "polars")) == 0


def test_without_pandas_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(NotSupported, match=r"marketbus\[pandas\]"):
        to_frame([tick(1)])


def test_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MARKETBUS_URL", raising=False)
    assert urls_of(None) == ("nats://127.0.0.1:4222",)
    assert urls_of("a:1, b:2") == ("a:1", "b:2")
    assert urls_of(["a", "tls://b:2"]) == ("a", "tls://b:2")


def test_secrets_do_not_show() -> None:
    options = Options(urls=("nats://u:secret@h:1",), name="n", principal="p", password="secret", token="secret")
    assert "secret" not in repr(options)
    assert options.where == "nats://h:1"
