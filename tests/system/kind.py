"""The kinds of gateways whose counter we simulate, and what tests subscribe on each."""

from dataclasses import dataclass
from typing import Any

from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import Dialect
from marketbus.lab.sopt import SOPT
from tests.system.config import SETTING


@dataclass(frozen=True)
class Kind:
    """`three`: instruments that trade in `tests.system.lab.MORNING`, of different exchanges where there are three."""

    dialect: Dialect
    setting: dict[str, Any]
    three: tuple[str, str, str]
    many: str
    """A glob of more than that."""

    @property
    def name(self) -> str:
        """As in a configuration."""
        return self.dialect.kind

    @property
    def one(self) -> str:
        """The first of three."""
        return self.three[0]


KINDS = (
    Kind(CTP, SETTING, ("rb2701.SHFE", "SA701.CZCE", "m2701.DCE"), "rb27*.SHFE"),
    Kind(
        SOPT,
        {key: value for key, value in SETTING.items() if key != "柜台环境"},
        ("10009739.SSE", "90006739.SZSE", "510050.SSE"),
        "10009*.SSE",
    ),
)
