"""What a trading gateway declares beyond orders and cancels it has, and what it has it declares."""

import pytest

from marketbus.gateways.ctp_family.trading_gateway import TradingFamilyGateway
from marketbus.gateways.ib.trading_gateway import TradingIbGateway
from marketbus.ports.gateway import Capability

HAS = {Capability.MODIFY_ORDERS: "modify", Capability.WHAT_IF: "what_if", Capability.BRACKETS: "send_bracket"}


@pytest.mark.parametrize("capability", HAS)
@pytest.mark.parametrize(("kind", "all_of_them"), [(TradingFamilyGateway, False), (TradingIbGateway, True)])
def test_it_is_declared_where_it_is_there(
    kind: type[TradingFamilyGateway | TradingIbGateway], capability: Capability, *, all_of_them: bool
) -> None:
    declared = capability in kind.capabilities
    assert declared is hasattr(kind, HAS[capability]) is all_of_them
