"""Fronts none of which works: left for the next one in turn, and not hurried through while no session is near."""

import asyncio
from pathlib import Path
from random import Random

from marketbus.domain.session import Channel
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.front_order import Choice, FrontOrder
from marketbus.gateways.ctp_family.kept import Kept
from marketbus.gateways.ctp_family.line import Line
from marketbus.gateways.ctp_family.login import REST
from marketbus.gateways.ctp_family.setting import parse
from marketbus.gateways.ctp_family.watch import SessionWatch
from marketbus.ports.gateway import GatewaySpec, Logged, Replace
from tests.system import eventually
from tests.unit.gateways.ctp_logins import SETTING, Logins

FRONTS = ["127.0.0.1:1", "127.0.0.1:2"]


async def test_at_night_the_next_front_is_tried_after_a_rest_that_ends_when_a_session_is_near(tmp_path: Path) -> None:
    logins = Logins(tmp_path)
    sink, clock = logins.sink, logins.clock
    setting = parse(CTP, "ctp", SETTING | {"行情服务器": FRONTS})
    kept = Kept(tmp_path / "fronts.json", Choice, sink)
    addresses = tuple(front.address for front in setting.md_fronts)
    kept.write(Choice(addresses, chosen=0, failed=2))
    order = FrontOrder(setting.md_fronts, kept, Random(1))
    line = Line(Channel.MD, setting, sink, logins.of[Channel.MD])
    spec = GatewaySpec(name="ctp", kind="ctp", sdk="vendor", setting={})
    rest = REST
    watch = SessionWatch(Channel.MD, line, (order.current,), spec, clock, order, lambda: rest)
    running = asyncio.create_task(watch.run())
    try:
        await eventually(lambda: sink.of(Logged), "the first words")
        assert sink.of(Logged)[0].fields["seconds"] == REST + spec.connect_timeout
        clock.seconds += spec.connect_timeout + 31  # what would be enough by day
        await eventually(lambda: "md.connect_timeout" in [log.code for log in sink.of(Logged)], "the report")
        assert not sink.of(Replace)
        rest = 0.0
        await eventually(lambda: sink.of(Replace), "the next front")
    finally:
        running.cancel()
    read = kept.read()
    assert read is not None
    assert (read.chosen, read.failed) == (1, 3)
