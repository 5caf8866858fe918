"""The kinds of gateways whose counter, or TWS, we simulate, and what tests subscribe on each."""

from dataclasses import dataclass
from typing import Any

from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import Dialect
from marketbus.lab.sopt import SOPT
from tests.system.config import SETTING


@dataclass(frozen=True)
class Kind:
    """`name` as in a configuration. `instruments` trade in `tests.system.lab.MORNING`, or when New York opens; the
    first two are on different exchanges.
    """

    name: str
    setting: dict[str, Any]
    instruments: tuple[str, str, str, str]
    many: str
    """A glob of more than that."""
    family: Dialect | None = None
    """Of counters of the CTP family."""

    @property
    def dialect(self) -> Dialect:
        """Of a counter of the CTP family, which it must be."""
        assert self.family is not None, f"{self.name} is no counter of the CTP family"
        return self.family

    @property
    def one(self) -> str:
        """The first instrument."""
        return self.instruments[0]

    def __str__(self) -> str:
        return self.name


def symbol(instrument: str) -> str:
    """Without its exchange."""
    return instrument.partition(".")[0]


KINDS = (
    Kind("ctp", SETTING, ("rb2701.SHFE", "SA701.CZCE", "m2701.DCE", "IF2612.CFFEX"), "rb27*.SHFE", CTP),
    Kind(
        "sopt",
        {key: value for key, value in SETTING.items() if key != "柜台环境"},
        ("10009739.SSE", "90006739.SZSE", "510050.SSE", "159915.SZSE"),
        "10009*.SSE",
        SOPT,
    ),
)
"""The CTP family."""
IB = Kind(
    "ib",
    {"client_id": 7},
    ("ES-20261218-USD-FUT.CME", "MSFT-USD-STK.SMART", "SPY-USD-STK.SMART", "CL-20261221-USD-FUT.NYMEX"),
    "ES-*-USD-FUT.CME",
)
EVERY = (*KINDS, IB)
