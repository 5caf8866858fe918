"""What an account can be told from what is kept: rates asked one by one, statements fetched once a day."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest

from marketbus.adapters.state.statements import FileStatements
from marketbus.application.trading import statements as module
from marketbus.application.trading.statements import Statements
from marketbus.domain.errors import BadRequest
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.lab.trading.order import Side
from marketbus.ports.trading import BooksIncomplete
from tests.unit.application.trading.world import World

MONDAY, FRIDAY = 20261123, 20261120
TEXT = "结算单\r\n客户号: 1\r\n"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.kill_9()


class Venue:
    """Answers of the day."""

    def __init__(self) -> None:
        self.said: dict[int, str | Exception] = {}
        self.asked: list[int] = []

    async def settlement(self, trading_day: int) -> str:
        self.asked.append(trading_day)
        said = self.said.get(trading_day, "")
        if isinstance(said, Exception):
            raise said
        return said


@pytest.fixture
async def venue(world: World, tmp_path: Path) -> AsyncGenerator[tuple[Venue, Statements]]:
    venue, store = Venue(), FileStatements(tmp_path / "settlements")
    statements = Statements(
        venue,  # type: ignore[arg-type]
        world.session, store, lambda day: FRIDAY if day == MONDAY else 0, world.log, world.time.sleep,
    )  # fmt: skip
    running = asyncio.get_running_loop().create_task(statements.run())
    yield venue, statements
    running.cancel()


async def test_the_statement_of_the_day_before_is_fetched_once_and_kept_as_it_came(
    world: World, venue: tuple[Venue, Statements], tmp_path: Path
) -> None:
    counter, statements = venue
    counter.said[FRIDAY] = TEXT
    await world.pass_(5)
    assert not counter.asked, "before the books are matched nothing is asked"
    await world.ready()
    await world.pass_(2000)
    assert counter.asked == [FRIDAY]
    assert (tmp_path / "settlements" / f"{FRIDAY}.txt").read_bytes().decode() == TEXT
    assert await statements.get(0) == (FRIDAY, TEXT)
    assert statements.days() == [FRIDAY]


async def test_one_that_is_not_there_yet_is_asked_for_again(world: World, venue: tuple[Venue, Statements]) -> None:
    counter, statements = venue
    counter.said[FRIDAY] = BooksIncomplete("broken off")
    await world.ready()
    with pytest.raises(BadRequest, match="none is kept"):
        await statements.get(0)
    counter.said[FRIDAY] = ""
    await world.pass_(module.AGAIN + 20)
    assert len(counter.asked) >= 2
    counter.said[FRIDAY] = TEXT
    await world.pass_(module.AGAIN + 20)
    assert statements.days() == [FRIDAY]


async def test_an_older_one_is_asked_of_the_venue_when_somebody_wants_it(
    world: World, venue: tuple[Venue, Statements]
) -> None:
    counter, statements = venue
    counter.said = {FRIDAY: TEXT, 20261119: "older"}
    await world.ready()
    await world.pass_(5)
    assert await statements.get(20261119) == (20261119, "older")
    assert await statements.get(20261119) == (20261119, "older")
    assert counter.asked.count(20261119) == 1
    with pytest.raises(BadRequest, match="no settlement statement of 20261118"):
        await statements.get(20261118)


async def test_a_disk_that_is_full_is_said_and_nothing_else_is_lost(
    world: World, venue: tuple[Venue, Statements], tmp_path: Path
) -> None:
    counter, _ = venue
    counter.said[FRIDAY] = TEXT
    (tmp_path / "settlements").write_text("a file in the way")
    await world.ready()
    await world.pass_(5)
    assert "settlement.not_kept" in world.log.codes
    assert (await world.send("a1")).denied_by == ""


async def test_rates_that_somebody_wants_come_first_and_once_a_day(world: World) -> None:
    known = Instrument("rb2701", Exchange.SHFE)
    rates = world.trading.rates
    assert [each.asked for each in rates.known((known,))] == [0]
    await world.pass_(10)
    assert not world.venue.asked_rates
    await world.ready()
    await world.send("a1", volume=1)
    world.venue.fill(Side.SELL, 1)
    await world.pass_(50)
    (found,) = rates.known((known,))
    assert found.margin is not None
    assert found.asked > 0
    assert world.venue.asked_rates == [known]


async def test_rates_of_a_session_that_ended_meanwhile_are_asked_for_again(world: World) -> None:
    async def lost(instruments: object) -> dict[Instrument, object]:
        world.venue.asked_rates.append(Instrument("lost", Exchange.SHFE))
        world.venue.disconnect()
        await asyncio.sleep(0)
        return {}

    answer = world.venue.rates
    world.venue.rates = lost  # type: ignore[method-assign,assignment]
    await world.ready()
    await world.send("a1")
    await world.pass_(3)
    world.venue.rates = answer  # type: ignore[method-assign]
    await world.ready()
    await world.pass_(3)
    assert [each.symbol for each in world.venue.asked_rates] == ["lost", "rb2701"]


async def test_until_rates_are_known_margin_is_the_venues(world: World) -> None:
    async def silent(_instruments: object) -> dict[Instrument, object]:
        return {}

    world.venue.rates = silent  # type: ignore[method-assign,assignment]
    positions = world.venue.positions
    world.venue.positions = lambda: [msgspec.structs.replace(each, margin=720.0) for each in positions()]  # type: ignore[method-assign]
    await world.ready()
    await world.send("a1", volume=2)
    world.venue.fill(Side.SELL, 2)
    await world.pass_(40)
    (held,) = world.trading.ledger.positions()
    assert (held.margin, held.open_cost) == (720.0, 60_000.0)
    assert held.pnl == 2 * 10 * 100, "at the last price"
