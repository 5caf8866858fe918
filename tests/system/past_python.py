"""What takes the ticks of the CTP family past Python, where the accelerator is installed and not switched off."""

from pathlib import Path

from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.direct import build
from marketbus.gateways.sopt.dialect import SOPT
from marketbus.lab.ctp_family import Dialect as CounterDialect
from marketbus.lab.ctp_family.build import vendor_headers
from marketbus.wire.native import native

DIALECTS = {each.kind: each for each in (CTP, SOPT)}


def ensure(counter: CounterDialect) -> Path | None:
    """Built from the sources as they are, as `marketbus setup` does it; None without the accelerator."""
    if build.shared_headers() is None:
        return None
    return build.ensure(DIALECTS[counter.kind], vendor_headers(counter))


def expected() -> str:
    """What the status of a worker says about market data that may go past Python."""
    return "native" if native().module is not None else "python: the accelerator is not in use"
