"""What a client sees of a SOPT line: options with strike, expiry, type and underlying; judged by the market's books."""

import pytest

from marketbus.domain.contract import OptionType, Product
from marketbus.lab.instruments import Kind as Listed
from tests.conftest import Systems
from tests.e2e.judged import assert_is_market, cut, newest_of_all
from tests.system import KINDS, Kind


@pytest.fixture(scope="session")
def kind() -> Kind:
    return next(kind for kind in KINDS if kind.name == "sopt")


async def test_options_and_funds_as_the_counter_lists_and_trades_them(systems: Systems) -> None:
    line = systems(rate=0)
    line.worker("*")
    newest = await newest_of_all(line)
    async with line.connect() as bus:
        status = await line.ready(bus)
        contracts = {contract.symbol: contract for contract in await bus.contracts()}
    assert status.sdk.startswith("lab marketbus-lab sopt")
    assert status.simulated
    assert contracts.keys() == line.lab.listings.keys() == newest.keys()
    for symbol, listing in line.lab.listings.items():
        assert_is_market(newest[symbol], line, listing.name, levels=5)
        assert newest[symbol].average_price is None  # nobody says what it means here
        contract = contracts[symbol]
        assert (contract.name, contract.exchange) == (cut(listing.name, 40), listing.exchange)
        assert (contract.size, contract.pricetick) == (listing.multiplier, listing.tick)
        if listing.kind is Listed.FUND:
            assert contract.product is Product.EQUITY
            assert (contract.option_strike, contract.option_type, contract.option_index) == (None, None, None)
            continue
        assert contract.product is Product.OPTION
        assert (contract.option_strike, contract.option_portfolio) == (listing.strike, f"{listing.underlying}_O")
        assert contract.option_type is (OptionType.CALL if listing.call else OptionType.PUT)
        assert contract.option_underlying == f"{listing.underlying}-{listing.year}{listing.month:02}"
        assert contract.expire_date == int(f"{listing.expires:%Y%m%d}")
    chain = [each for each in contracts.values() if each.option_underlying == "510050-202611"]
    assert len({(each.option_type, each.option_index) for each in chain}) == len(chain)  # adjusted ones stand apart
