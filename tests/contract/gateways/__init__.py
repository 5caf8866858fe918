"""Every gateway that the cards are run for."""

from marketbus.wire.native import native
from tests.contract.gateways import counter, stock, tws
from tests.contract.registration import Registration

_WITHOUT = (counter.CTP_IN_PYTHON, stock.VNPY_CTP_IN_PYTHON) if native().module is not None else ()
"""Without the accelerator all are that."""
REGISTERED: tuple[Registration, ...] = (counter.CTP, counter.SOPT, stock.VNPY_CTP, stock.VNPY_SOPT, tws.IB, *_WITHOUT)
