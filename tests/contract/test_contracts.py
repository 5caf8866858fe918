"""CO: what the venue lists."""

import pytest

from marketbus.ports.gateway import Capability
from tests.contract.life import Life, LockedOut
from tests.contract.line import MAIN, Line


@pytest.mark.card("CO-00")
async def test_co_00_the_capabilities_are_those_that_the_cards_were_chosen_by(line: Line) -> None:
    async with line.connect() as bus:
        status = await line.serving(bus)
    assert set(status.capabilities) == {str(each) for each in line.registered.capabilities}
    assert status.kind == line.registered.kind


@pytest.mark.card("CO-01", needs=Capability.CONTRACTS)
async def test_co_01_contracts_carry_name_size_and_pricetick_as_listed(line: Line) -> None:
    async with line.connect() as bus:
        await line.serving(bus)
        for symbol in line.registered.symbols:
            contract = await bus.contract(symbol, gateway=MAIN)
            assert contract.gateway == MAIN
            assert contract.vt_symbol == symbol
            listed = line.venue.listed(symbol)
            assert (contract.name, contract.size) == (listed.name, listed.size)
            assert contract.pricetick == pytest.approx(listed.pricetick)
            assert contract.product


@pytest.mark.card("CO-02", needs=Capability.CONTRACTS)
def test_co_02_contracts_are_known_from_the_last_time_while_the_venue_lets_nobody_in(
    line: Line, life: Life, out: LockedOut
) -> None:
    assert out.contracts == life.contracts
    assert (out.contract.name, out.contract.size) == line.venue.listed(line.other)[:2]
