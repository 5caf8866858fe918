"""The server seen by a client that speaks its frames: what the SDK process cannot show."""

import asyncio
import contextlib
import json
import signal
import sys
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from marketbus.lab.ctp_family import LabControl
from marketbus.lab.ctp_family.depth import ABSENT, STRUCT
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.errors import LabError
from tests.unit.lab.counter_client import Client, running, subscriber


async def test_two_lines_get_the_same_ticks_of_what_each_subscribed(layout: Layout) -> None:
    async with running(layout) as lab:
        one = await subscriber(lab, layout, "rb2701", "m2701")
        two = await subscriber(lab, layout, "m2701", "SA701")
        sending = asyncio.create_task(lab.burst(3000))
        first, second = await asyncio.gather(one.read_ticks(2 + 2000), two.read_ticks(2 + 2000))
        await sending
        volumes = [
            [tick["Volume"] for tick in ticks if tick["InstrumentID"] == "m2701"][1:] for ticks in (first, second)
        ]
        oracle = lab.oracle()["m2701"]
        assert volumes[0] == volumes[1] == list(range(oracle["first"], oracle["last"] + 1))
        assert oracle["count"] == 1000
        await one.close()
        await two.close()


@pytest.mark.parametrize(
    ("symbol", "trading_day", "action_day"),
    [
        ("rb2701", "20261123", "20261120"),
        ("sc2701", "20261123", "20261120"),
        ("m2701", "20261123", "20261123"),
        ("SA701", "20261120", "20261120"),
    ],
)
async def test_dates_at_night_are_as_odd_as_each_exchanges(
    layout: Layout, symbol: str, trading_day: str, action_day: str
) -> None:
    async with running(layout, start=datetime.fromisoformat("2026-11-20T21:30:00+08:00")) as lab:
        client = await subscriber(lab, layout, symbol)
        await lab.burst(1)
        tick = (await client.read_ticks(2))[-1]
        assert (tick["TradingDay"], tick["ActionDay"]) == (trading_day, action_day)
        assert tick["UpdateTime"].startswith("21:30:")
        await client.close()


async def test_products_without_a_night_session_are_silent_at_night(layout: Layout) -> None:
    async with running(layout, start=datetime.fromisoformat("2026-11-20T21:30:00+08:00")) as lab:
        client = await subscriber(lab, layout, "IF2612", "si2701")
        assert (await lab.burst(10))["sent"] == 0
        await client.close()


async def test_a_tick_says_what_the_real_front_says(layout: Layout) -> None:
    async with running(layout) as lab:
        client = await subscriber(lab, layout, "rb2701", "IF2612")
        deep, shallow = client.ticks
        assert deep["ExchangeID"] == ""
        assert deep["SettlementPrice"] == deep["ClosePrice"] == ABSENT
        assert deep["BidPrice5"] < deep["BidPrice1"] < deep["AskPrice1"] < deep["AskPrice5"] < ABSENT
        assert shallow["BidPrice2"] == shallow["AskPrice2"] == ABSENT
        assert shallow["BidVolume2"] == 0
        await client.close()


async def test_malformed_fields_arrive_raw(layout: Layout) -> None:
    async with running(layout) as lab:
        client = await subscriber(lab, layout, "rb2701")
        lab.malformed("rb2701", {"LastPrice": "DBL_MAX", "InstrumentID": "x" * 200, "ActionDay": {"hex": "ff" * 9}})
        tick = (await client.read_ticks(2))[-1]
        assert tick["LastPrice"] == ABSENT
        assert tick["InstrumentID"] == "x" * 81
        assert set(tick["ActionDay"]) == {"\ufffd"}
        with pytest.raises(LookupError):
            lab.malformed("nothing", {})
        await client.close()


async def test_a_mute_instrument_and_the_others(layout: Layout) -> None:
    async with running(layout) as lab:
        client = await subscriber(lab, layout, "rb2701", "m2701")
        lab.mute(instrument="rb2701")
        await lab.burst(5)
        assert {tick["InstrumentID"] for tick in (await client.read_ticks(7))[2:]} == {"m2701"}
        await client.close()


@pytest.mark.parametrize(
    ("options", "password", "error"),
    [({}, "", 3), ({"password": "right"}, "wrong", 3), ({"auth_code": "needed"}, "secret", 63), ({}, "secret", 0)],
)
async def test_logins_are_judged(layout: Layout, options: dict[str, Any], password: str, error: int) -> None:
    async with running(layout, **options) as lab:
        client = await Client(layout, "td").connect(lab.addresses["td"])
        client.log_in(password)
        number, answer = await client.answer("OnRspUserLogin")
        assert number == error
        assert answer["TradingDay"] == ("" if error else "20261120")
        await client.close()


async def test_every_market_data_front_serves_the_same_market_and_fails_alone(layout: Layout) -> None:
    async with running(layout, md_fronts=3) as lab:
        names = ("md", "md2", "md3")
        clients = [await Client(layout, "md").connect(lab.addresses[name]) for name in names]
        lab.mute(front="md2")
        for client in clients:
            client.log_in()
            client.subscribe("rb2701")
        await clients[0].read_ticks(1)
        await clients[2].read_ticks(1)
        await lab.burst(3)
        assert len(await clients[0].read_ticks(4)) == len(await clients[2].read_ticks(4)) == 4
        assert lab.status()["fronts"]["md2"] == {
            "listening": True, "muted": True, "delay_ms": 0, "sessions": 1, "logged_in": 0,
        }  # fmt: skip
        assert lab.drop("md3") == 1
        await lab.refuse(front="md3")
        assert [lab.status()["fronts"][name]["listening"] for name in names] == [True, True, False]
        for client in clients:
            await client.close()


async def test_a_request_is_left_unanswered(layout: Layout) -> None:
    async with running(layout) as lab:
        lab.ignore("ReqUserLogin")
        client = await Client(layout, "td").connect(lab.addresses["td"])
        client.log_in()
        client.send("ReqQryInstrument", layout.pack("CThostFtdcQryInstrumentField"))
        login, refused = (layout.messages["td"].callback(name)[0] for name in ("OnRspUserLogin", "OnRspError"))
        async with asyncio.timeout(10):
            while refused not in {each.message for each in client.frames}:  # to the query: nobody is logged in
                await client.read()
        assert login not in {each.message for each in client.frames}
        await client.close()


async def test_what_is_no_frame_ends_the_connection(layout: Layout) -> None:
    async with running(layout) as lab:
        client = await Client(layout, "md").connect(lab.addresses["md"])
        await client.read()
        client._writer.write(b"\xff" * 64)  # pyright: ignore[reportPrivateUsage]
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                while await client._reader.read(100):  # pyright: ignore[reportPrivateUsage]
                    pass
        await client.close()


async def test_a_new_trading_day_starts_volumes_anew(layout: Layout) -> None:
    async with running(layout) as lab:
        client = await subscriber(lab, layout, "rb2701")
        await lab.burst(10)
        before = (await client.read_ticks(11))[-1]
        lab.clock(start=datetime.fromisoformat("2026-11-20T21:00:00"))
        await lab.burst(1)
        after = (await client.read_ticks(12))[-1]
        assert (before["TradingDay"], after["TradingDay"]) == ("20261120", "20261123")
        assert after["Volume"] == 1
        assert after["PreClosePrice"] == before["LastPrice"]
        assert lab.oracle()["rb2701"] == {"first": 1, "last": 1, "count": 1}
        await client.close()


async def test_the_pace_is_kept(layout: Layout) -> None:
    async with running(layout, rate=2000) as lab:
        client = await subscriber(lab, layout, "rb2701", "m2701", "SA701")
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await client.read_ticks(1000)
        # Never early; how late depends on the machine.
        assert loop.time() - begin >= 990 / 2000
        await client.close()


async def test_control_refuses_in_words(layout: Layout) -> None:
    async with running(layout) as lab:

        def talk() -> list[str]:
            errors: list[str] = []
            with LabControl.at(lab.addresses["control"]) as control:
                for command, arguments in (
                    ("nonsense", {}),
                    ("rate", {"wrong": 1}),
                    ("drop", {"front": "xx"}),
                    ("clock", {"speed": 0}),
                ):
                    with pytest.raises(LabError) as caught:
                        control.call(command, **arguments)
                    errors.append(str(caught.value))
                control.rate(5)
            return errors

        errors = await asyncio.to_thread(talk)
        assert "no command 'nonsense'" in errors[0]
        assert "wrong" in errors[1]
        assert "no front 'xx'" in errors[2]
        assert "speed 0" in errors[3]
        assert lab.status()["rate"] == 5


async def test_a_taken_port_is_named(layout: Layout) -> None:
    async with running(layout) as lab:
        port = int(lab.addresses["md"].rpartition(":")[2])
        with pytest.raises(LabError, match=str(port)):
            async with running(layout, md_port=port):
                pass


async def test_serve_prints_where_it_listens_and_ends_on_sigterm(layout: Layout) -> None:
    code = "import asyncio; from marketbus.lab.ctp import CTP; from marketbus.lab.ctp_family import *; "
    code += "asyncio.run(serve(CTP, LabOptions(instruments=10)))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    addresses = json.loads(await process.stdout.readline())
    assert addresses["simulated"] is True
    assert addresses["td"].startswith("tcp://127.0.0.1:")
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await process.wait() == 0


def test_numpy_reads_structs_as_the_compiler_laid_them_out(layout: Layout) -> None:
    assert layout.dtype(STRUCT).itemsize == 584
    packed = layout.pack(STRUCT, InstrumentID="rb2701", LastPrice=1.5, Volume=3)
    assert layout.unpack(STRUCT, packed)["InstrumentID"] == "rb2701"
    assert np.frombuffer(packed, layout.dtype(STRUCT))["LastPrice"][0] == 1.5


def test_texts_are_cut_at_whole_characters(layout: Layout) -> None:
    packed = layout.pack("CThostFtdcRspInfoField", ErrorMsg="x" + "柜" * 50)
    assert layout.unpack("CThostFtdcRspInfoField", packed)["ErrorMsg"] == "x" + "柜" * 39
