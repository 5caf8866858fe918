"""Every gateway that the cards are run for."""

from tests.contract.gateways import counter, stock, tws
from tests.contract.registration import Registration

REGISTERED: tuple[Registration, ...] = (counter.CTP, counter.SOPT, stock.VNPY_CTP, stock.VNPY_SOPT, tws.IB)
