"""Scripted faults of the simulated TWS: one client is hurt, the books are not."""

import asyncio
import os
import signal
import sys

import pytest

from marketbus.lab.errors import LabError
from marketbus.lab.tws import TwsControl
from tests.system.poll import eventually
from tests.unit.lab.tws.asking import AAPL, order
from tests.unit.lab.tws.talk import Talk, connect, playing


async def placed(talk: Talk, order_id: int = 1) -> None:
    talk.client.placeOrder(order_id, AAPL, order("BUY", "MKT", "1"))
    talk.send()


async def test_a_request_may_be_lost_on_its_way() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        lab.fault("placeOrder", "drop")
        await placed(talk)
        await talk.settled()
        assert talk.statuses == []
        assert lab.terminal.books()["orders"] == []
        await placed(talk)
        await talk.settled()
        assert talk.statuses[-1][1] == "Filled"
        assert lab.heal() == 1
        await talk.close()


async def test_tws_has_the_order_and_the_connection_breaks_before_any_answer() -> None:
    async with playing() as lab:
        talk = await connect(lab, 3)
        await talk.settled()
        lab.fault("placeOrder", "cut", client=3)
        await placed(talk)
        await eventually(lambda: talk.hung_up, "the end")
        assert talk.of(3) == talk.of(5) == []
        assert [each["status"] for each in lab.terminal.books()["orders"]] == ["Filled"]


@pytest.mark.parametrize(("step", "action"), [("placeOrder", "kill"), ("execDetails", "kill_after")])
async def test_the_clients_process_dies_while_tws_has_its_order(step: str, action: str) -> None:
    async with playing() as lab:
        lab.fault(step, action, ms=20)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _CHILD, str(lab.port), env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        )
        try:
            assert await asyncio.wait_for(child.wait(), 20) == -signal.SIGKILL
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        assert [each["status"] for each in lab.terminal.books()["orders"]] == ["Filled"]


_CHILD = """
import asyncio, sys
from tests.unit.lab.tws.asking import AAPL, order
from tests.unit.lab.tws.talk import Talk
import struct

async def main():
    talk = Talk(*await asyncio.open_connection("127.0.0.1", int(sys.argv[1])), 178)
    talk.write(b"API\\0" + struct.pack(">I", 9) + b"v157..178")
    talk.say(71, 2, 5, "")
    await talk.until(9)
    talk.client.placeOrder(1, AAPL, order("BUY", "MKT", "1"))
    talk.send()
    await asyncio.sleep(20)

asyncio.run(main())
"""


@pytest.mark.parametrize(("action", "heard"), [("drop", 0), ("duplicate", 2)])
async def test_a_fill_may_be_lost_or_told_twice(action: str, heard: int) -> None:
    async with playing() as lab:
        talk = await connect(lab)
        lab.fault("execDetails", action)
        await placed(talk)
        await talk.settled()
        assert len(talk.of(11)) == heard
        assert lab.terminal.books()["positions"] == {"265598": "1"}
        await talk.close()


async def test_messages_may_overtake_each_other_or_all_come_late() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        lab.fault("execDetails", "reorder")
        await placed(talk)
        await talk.settled()
        assert [fields[0] for fields in talk.heard[6:-1]] == ["5", "3", "5", "11", "3", "59"]
        lab.fault("openOrder:PreSubmitted", "delay", ms=30)
        await placed(talk, 2)
        await talk.until(59, 2)
        assert [fields[0] for fields in talk.heard[13:]] == ["5", "3", "11", "5", "3", "59"]
        await talk.close()


async def test_the_connection_may_break_at_a_step() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        lab.fault("orderStatus:Filled", "cut")
        await placed(talk)
        await eventually(lambda: talk.hung_up, "the end")
        assert [each[1] for each in talk.statuses] == ["PreSubmitted"]


async def test_orders_may_be_held_on_their_way_to_the_venue() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        lab.terminal.venue(hold=True)
        await placed(talk)
        await talk.settled()
        assert [each[1] for each in talk.statuses] == ["PreSubmitted"]
        assert lab.terminal.venue() == 1
        lab.terminal.venue(hold=False)
        await talk.settled()
        assert [each[1] for each in talk.statuses] == ["PreSubmitted", "Filled"]
        await talk.close()


@pytest.mark.parametrize("status", ["Inactive", "Cancelled"])
async def test_every_order_may_be_refused(status: str) -> None:
    async with playing() as lab:
        talk = await connect(lab)
        lab.terminal.reject_orders(201, "Order rejected - reason:The lab says no", status)
        await placed(talk)
        await talk.settled()
        assert talk.codes[3:] == [201]
        assert [each[1] for each in talk.statuses] == [status]
        lab.terminal.reject_orders()
        await placed(talk, 2)
        await talk.settled()
        assert talk.statuses[-1][:2] == (2, "Filled")
        await talk.close()


async def test_muted_it_takes_orders_and_says_nothing() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        await talk.settled()
        lab.mute()
        await placed(talk)
        await eventually(lambda: lab.terminal.books()["orders"], "the order")
        late = await connect(lab, 2)
        lab.mute(on=False)
        await talk.settled()
        assert talk.statuses == []
        await late.close()
        await talk.close()


async def test_it_hangs_up_and_takes_nobody_until_it_does_again() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        await talk.settled()
        await lab.refuse()
        assert lab.drop() == 1
        await eventually(lambda: talk.hung_up, "the end")
        with pytest.raises(OSError, match="onnect"):
            await connect(lab)
        port = lab.port
        await lab.refuse(on=False)
        assert lab.port == port
        again = await connect(lab)
        await again.settled()
        await again.close()


async def test_the_control_port_does_what_its_words_say_and_names_what_it_does_not_know() -> None:
    def drive(address: str) -> None:
        with TwsControl.at(address) as control:
            control.position("BTC.USD", "0.5", 90000)
            control.deposit(-100)
            told = control.order("ESZ6", "buy", 1, ref="hand")
            assert told["status"] == "Filled"
            assert set(control.books()["positions"]) == {"479624278", str(told["con_id"])}
            assert control.notice(2110, "any") == 0
            assert control.status()["simulated"] is True
            with pytest.raises(LabError, match="ambiguous"):
                control.order("CL", "buy", 1)
            with pytest.raises(LabError, match="Fractional"):
                control.order("MSFT", "buy", "0.5")
            with pytest.raises(LabError, match="no command"):
                control.call("explode")

    async with playing() as lab:
        await asyncio.to_thread(drive, lab.addresses["control"])
