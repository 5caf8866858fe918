"""Limits tightened at run time: never loosened, over restarts, until somebody changes the configuration's."""

from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest

from marketbus.domain.errors import BadRequest
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.order import OrderState
from marketbus.domain.risk.limits import Tightening
from marketbus.ports.journal import Cause, JournalUnavailable
from tests.unit.application.trading.world import WIDE, World

CONFIGURED = msgspec.structs.replace(WIDE, max_order_volume=10.0, max_position=50.0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path, CONFIGURED)
    world.section = '{"max_order_volume": 10}'
    await world.start()
    await world.ready()
    yield world
    await world.kill_9()


async def restarted(world: World) -> None:
    await world.kill_9()
    await world.start()
    await world.ready()


async def test_a_tightened_limit_holds_at_once_and_over_restarts(world: World) -> None:
    await world.trading.tightenings.tighten(Tightening(max_order_volume=2.0), "wang")
    assert (await world.send("a1", volume=3)).denied_by == "max_order_volume"
    await restarted(world)
    assert (await world.send("a2", volume=3)).denied_by == "max_order_volume"
    assert (await world.send("a3", volume=2)).state is OrderState.ACCEPTED
    await world.trading.tightenings.tighten(Tightening(max_position=2.0, forbidden=("IF*.CFFEX",)), "wang")
    await restarted(world)
    limits = world.trading.ledger.risk.limits
    assert (limits.max_order_volume, limits.max_position, limits.forbidden) == (2.0, 2.0, ("IF*.CFFEX",))


async def test_nothing_is_loosened_at_run_time(world: World) -> None:
    with pytest.raises(BadRequest, match=r"max_position: 60 is looser than 50.*configuration"):
        await world.trading.tightenings.tighten(Tightening(max_position=60.0, max_order_volume=1.0), "wang")
    with pytest.raises(BadRequest, match="no limit"):
        await world.trading.tightenings.tighten(Tightening(), "wang")
    assert world.trading.ledger.risk.limits == CONFIGURED, "all or nothing"


async def test_another_configuration_lifts_it_and_that_is_written_down(world: World) -> None:
    await world.trading.tightenings.tighten(Tightening(max_order_volume=2.0), "wang")
    world.section = '{"max_order_volume": 10, "revision": "2026-11-24"}'
    await restarted(world)
    assert world.trading.ledger.risk.limits == CONFIGURED
    assert "limits.lifted" in world.log.codes
    entry = await world.journal.latest("main", EntryKind.RISK_CHANGED)
    assert entry is not None
    assert entry.entry.principal == "configuration"
    world.section = '{"max_order_volume": 10}'  # going back to the old words brings nothing back
    await restarted(world)
    assert world.trading.ledger.risk.limits == CONFIGURED


async def test_what_cannot_be_written_down_is_in_force_and_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    full = JournalUnavailable(Cause.FULL, "journal.sqlite", "the disk is full")

    async def refuse(_entries: object) -> list[int]:
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(world.journal, "append", refuse)
        patch.setattr(type(world.journal), "trouble", property(lambda _self: full))
        with pytest.raises(JournalUnavailable):
            await world.trading.tightenings.tighten(Tightening(max_order_volume=2.0), "wang")
        assert world.trading.ledger.risk.limits.max_order_volume == 2
    await world.pass_(2)
    await restarted(world)
    assert world.trading.ledger.risk.limits.max_order_volume == 2
