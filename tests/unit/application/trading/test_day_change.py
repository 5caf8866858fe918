"""A new trading day: under a session that stands, over a login, over a restart, and in the middle of a query."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from marketbus.domain.instrument import Exchange
from marketbus.domain.order import OrderState
from marketbus.domain.order_terms import Offset
from marketbus.domain.risk.thresholds import Abnormal, HighFrequency, Thresholds
from marketbus.lab.trading.order import Side
from tests.unit.application.trading import world as surroundings
from tests.unit.application.trading.world import WIDE, World

MONDAY, TUESDAY = 20261123, 20261124
Night = Callable[[], None]
Way = Callable[[World], Awaitable[None]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path, msgspec.structs.replace(WIDE, max_daily_loss=100.0))
    await world.start()
    await world.ready()
    await world.send("held", volume=3)
    world.venue.fill(Side.SELL, 3)
    await world.send("rests", volume=2)
    await world.cancel("rests")
    await world.send("stands", volume=2)
    await world.pass_(3)
    yield world
    await world.kill_9()


@pytest.fixture
def night(world: World, monkeypatch: pytest.MonkeyPatch) -> Night:
    """What the venue does between two days."""

    def pass_over() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(world.venue, "disconnect", lambda: None)  # some counters log nobody out
            assert world.venue.new_day(3100)

    return pass_over


async def relogin(world: World) -> None:
    world.venue.disconnect()
    await world.ready()


async def restart(world: World) -> None:
    await world.kill_9()
    await world.start()
    await world.ready()


async def stay(world: World) -> None:
    """Nobody logs in; the market's clock says that it is another day."""
    world.trading.reconciliation.market_day = lambda: TUESDAY
    await world.pass_(10)


@pytest.mark.parametrize("way", [relogin, restart, stay])
async def test_the_day_before_is_over(world: World, night: Night, way: Way) -> None:
    flow = world.trading.ledger.risk.flow
    assert (flow.actions, flow.state.trading_day) == (4, MONDAY)
    night()
    await way(world)
    ledger = world.trading.ledger
    assert ledger.trading_day == world.session.trading_day == TUESDAY
    assert world.session.ready
    # Yesterday's order has ended, on the bus too.
    stands = await world.trading.desk.order("stands")
    assert stands is not None
    assert (stands.state, stands.trading_day) == (OrderState.CANCELLED, MONDAY)
    assert world.bus.orders()["stands"].state is OrderState.CANCELLED
    assert not ledger.book.active()
    assert not ledger.risk.reserved.orders
    # Today's lots are yesterday's, the day's figures begin at 0.
    (held,) = ledger.positions()
    assert (held.volume, held.yd_volume, held.frozen, held.trading_day) == (3, 3, 0, TUESDAY)
    assert (held.commission, held.close_profit) == (0, 0)
    flow = ledger.risk.flow
    assert (flow.actions, flow.state.trading_day, flow.state.cancels) == (0, TUESDAY, {})
    assert (await world.send("a1", volume=1, offset=Offset.CLOSETODAY)).denied_by == "closable"
    closing = await world.send("a2", volume=1, offset=Offset.CLOSEYESTERDAY)
    assert (closing.state, closing.trading_day) == (OrderState.ACCEPTED, TUESDAY)
    # An id of yesterday is still taken, also after what was over is let go of.
    assert (await world.send("held", volume=3)).state is OrderState.FILLED
    assert world.venue.sends.count("held") == 1
    await restart(world)
    world.agree()
    assert world.trading.ledger.risk.flow.actions == 1
    assert world.trading.ledger.book.get("rests") is None, "of a day that is over: in the journal only"


async def test_an_order_sent_before_anybody_noticed_is_of_the_day_that_the_venue_says(
    world: World, night: Night
) -> None:
    night()
    order = await world.send("early", volume=1)
    assert (order.state, order.trading_day) == (OrderState.ACCEPTED, TUESDAY)
    world.venue.fill(Side.SELL, 1)
    await world.settle()
    assert world.state("early") == OrderState.FILLED
    await world.pass_(40)
    assert not [each for each in world.trading.ledger.book if each.external]
    await relogin(world)
    world.agree()
    (trade,) = world.trading.ledger.book.trades("early")
    assert trade.key.trading_day == TUESDAY, "as the queries say it: counted once"


async def test_a_loss_stop_and_used_up_cancels_end_with_the_day(world: World, night: Night) -> None:
    world.venue.loss = 20_000.0
    await world.pass_(40)
    assert (await world.send("a1")).denied_by == "daily_loss"
    night()
    world.venue.loss = 0.0
    await restart(world)
    assert (await world.send("a2")).state is OrderState.ACCEPTED


async def test_rates_are_asked_for_again_and_yesterdays_count_until_then(world: World, night: Night) -> None:
    await world.pass_(5)
    assert len(world.venue.asked_rates) == 1
    night()
    await relogin(world)
    (known,) = world.trading.rates.known()
    assert known.margin is not None
    await world.pass_(5)
    assert len(world.venue.asked_rates) == 2


async def test_large_cancels_and_occasions_are_counted_the_same_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    thresholds = Thresholds(
        [HighFrequency(Exchange.SHFE, 20200101, burst=3, bursts=10)],
        [Abnormal(Exchange.SHFE, ("*",), 20200101, cancels=500, large_cancels=50, large_volume=5.0)],
    )
    monkeypatch.setattr(surroundings, "Thresholds", lambda: thresholds)
    await world.start()
    await world.ready()
    for number, volume in enumerate((4, 5, 6)):
        await world.send(f"a{number}", volume=volume)
        await world.cancel(f"a{number}")
    before = world.trading.ledger.risk.flow.kept()
    assert before.large_cancels == {"rb2701.SHFE": 2}
    assert before.exchanges["SHFE"].bursts == 2
    await world.kill_9()
    await world.start()
    await world.ready()
    assert world.trading.ledger.risk.flow.kept() == before
    await world.kill_9()
