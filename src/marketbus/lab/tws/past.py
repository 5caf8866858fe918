"""What the market did before the lab began, and while nobody looked: prices and volumes as functions of time.

A price is noise of many octaves around the price the lab began with, so any stretch can be computed by itself and two
requests never disagree. It joins the live market at the lab's start; from then on it is a story of its own.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from marketbus.lab.exchange import Floats, Ints, Words
from marketbus.lab.tws.contract import Contract

_OCTAVES = tuple(30 * 4**n for n in range(10))
"""Seconds between the fixed points of each noise: half a minute to three months."""
_ROUGHNESS = 0.0004
_GOLDEN, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_BUSY = 20
"""Which of a contract's noises says how much is traded in a second."""
_OVERNIGHT = {"STK": (time(4), time(20)), "OPT": (time(9, 30), time(16))}

Span = tuple[datetime, datetime]


class Past:
    """`begin`: when the lab began, Unix seconds; its prices then are the contracts' `closes`."""

    def __init__(self, seed: int, begin: int) -> None:
        self._seed = seed
        self._begin = begin

    def prices(self, contract: Contract, close: float, seconds: Ints) -> Floats:
        """On the price grid, at each of these Unix seconds."""
        moved = self._noise(contract, seconds) - self._noise(contract, np.array([self._begin]))[0]
        tick = float(contract.tick)
        return np.maximum(np.rint(close * (1 + moved) / tick), 1) * tick

    def volumes(self, contract: Contract, seconds: Ints) -> Ints:
        """Lots traded in the stretch that begins at each of these, 1 to 200."""
        return (_hash(seconds, self._key(contract)) % np.uint64(200)).astype(np.int64) + 1

    def ticks(self, contract: Contract, seconds: Ints) -> Ints:
        """How many trades, and how many quotes, there were in each of these: 0 to 3."""
        return (_hash(seconds, self._key(contract, _BUSY)) % np.uint64(4)).astype(np.int64)

    def _noise(self, contract: Contract, seconds: Ints) -> Floats:
        total = np.zeros(len(seconds))
        for place, step in enumerate(_OCTAVES):
            at, rest = seconds // step, (seconds % step) / step
            key = self._key(contract, place + 1)
            left, right = _unit(_hash(at, key)), _unit(_hash(at + 1, key))
            total += (left + (right - left) * rest) * _ROUGHNESS * 2**place / 4
        return total

    def _key(self, contract: Contract, place: int = 0) -> np.uint64:
        return np.uint64(((self._seed + contract.con_id) * int(_GOLDEN) + place * int(_MIX_1)) % 2**64)


def sessions(contract: Contract, first: date, last: date, *, regular: bool) -> list[tuple[date, Span]]:
    """(trading date, when it trades) from one date to another; weekdays, coins every day."""
    zone = ZoneInfo(contract.time_zone)
    opens, closes = (time(int(text[:2]), int(text[2:])) for text in contract.hours.split("-"))
    if not regular:
        opens, closes = _OVERNIGHT.get(contract.sec_type, (opens, closes))
    found: list[tuple[date, Span]] = []
    day = first
    while day <= last:
        if day.weekday() < 5 or contract.sec_type == "CRYPTO":
            begins = day - timedelta(days=1) if opens >= closes else day
            span = datetime.combine(begins, opens, zone), datetime.combine(day, closes, zone)
            found.append((day, span))
        day += timedelta(days=1)
    return found


def _hash(numbers: Ints, key: np.uint64) -> Words:
    words = numbers.astype(np.uint64) * _GOLDEN + key
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))


def _unit(words: Words) -> Floats:
    """-1 to 1."""
    return (words >> np.uint64(11)).astype(np.float64) / float(1 << 52) - 1.0
