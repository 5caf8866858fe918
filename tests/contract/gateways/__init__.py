"""Every gateway that the cards are run for."""

from tests.contract.gateways import counter, vnpy_ctp
from tests.contract.registration import Registration

REGISTERED: tuple[Registration, ...] = (counter.CTP, counter.SOPT, vnpy_ctp.REGISTRATION)
