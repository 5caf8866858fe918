"""The kinds of gateways whose counter we simulate, and what tests subscribe on each."""

from dataclasses import dataclass
from typing import Any

from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import Dialect
from marketbus.lab.sopt import SOPT
from tests.system.config import SETTING


@dataclass(frozen=True)
class Kind:
    """`instruments` trade in `tests.system.lab.MORNING`, the first two on different exchanges."""

    dialect: Dialect
    setting: dict[str, Any]
    instruments: tuple[str, str, str, str]
    many: str
    """A glob of more than that."""

    @property
    def name(self) -> str:
        """As in a configuration."""
        return self.dialect.kind

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
    Kind(CTP, SETTING, ("rb2701.SHFE", "SA701.CZCE", "m2701.DCE", "IF2612.CFFEX"), "rb27*.SHFE"),
    Kind(
        SOPT,
        {key: value for key, value in SETTING.items() if key != "柜台环境"},
        ("10009739.SSE", "90006739.SZSE", "510050.SSE", "159915.SZSE"),
        "10009*.SSE",
    ),
)
