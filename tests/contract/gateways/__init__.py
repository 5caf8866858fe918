"""Every gateway that the cards are run for."""

from tests.contract.gateways import ctp, vnpy_ctp
from tests.contract.registration import Registration

REGISTERED: tuple[Registration, ...] = (ctp.REGISTRATION, vnpy_ctp.REGISTRATION)
