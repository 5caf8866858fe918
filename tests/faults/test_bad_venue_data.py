"""What venues really send: each bad record is counted or flagged, and the next good tick is as if nothing had been.

With each case stands what the stock gateway (vnpy_ctp 6.7.11.4) makes of it; lines are those of its ctp_gateway.py.
"""

import math
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest

from marketbus import GatewayStatus, Tick, TickFlag
from marketbus.lab.ctp_family import CounterLab
from tests.system import Kind, Recorder, System, eventually, symbol

PRICES = (
    *("LastPrice", "PreSettlementPrice", "PreClosePrice", "OpenPrice", "HighestPrice", "LowestPrice"),
    *("SettlementPrice", "UpperLimitPrice", "LowerLimitPrice", "AveragePrice"),
    *(f"{side}Price{level}" for side in ("Bid", "Ask") for level in range(1, 6)),
)
OPTIONAL = (
    "limit_up",
    "limit_down",
    "open_price",
    "high_price",
    "low_price",
    "pre_close",
    "pre_settlement",
    "settlement_price",
)


pytestmark = pytest.mark.row(
    8, "typed, counted, flagged; the next good tick is unaffected; no crash", scaled="ctp", once=True
)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, kind: Kind) -> Iterator[System]:
    """One worker takes all the blows."""
    with System(tmp_path_factory.mktemp("bad"), {"rate": 0}, kind=kind) as system:
        system.worker(*kind.instruments[:2])
        yield system


class Victim:
    """Sends a bad record, then a good one, and shows what became of both."""

    def __init__(self, system: System, bus: Any, seen: Recorder, before: GatewayStatus) -> None:
        self.system = system
        self.seen = seen
        self.instruments = system.kind.instruments[:2]
        self.one, self.two = map(symbol, self.instruments)
        self._bus = bus
        self._before = before

    async def hit(self, **fields: Any) -> tuple[list[Tick], dict[str, int]]:
        """The ticks that came before the good one, and what was newly rejected, by cause."""
        self.seen.ticks.clear()
        self.system.lab.control.malformed(self.one, fields)
        self.system.lab.control.burst(2)  # one good tick for each of the two instruments
        last = {name: self.system.lab.control.oracle()[name]["last"] for name in (self.one, self.two)}
        await eventually(lambda: self.newest() == last, "the next good ticks")
        ticks = [tick for tick in self.seen.ticks if tick.volume != last[tick.symbol]]
        for good in (tick for tick in self.seen.ticks if tick.volume == last[tick.symbol]):
            raw, moment = self.system.lab.market(good.symbol)
            assert good.time == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
            assert (good.last_price, good.bid_price_1, good.trading_day) == (raw.last[0], raw.bid[0, 0], 20261120)
            assert good.flags == TickFlag.SIMULATED
        status = await self.system.status(self._bus)
        assert status is not None
        before, self._before = self._before, status
        assert (status.epoch, status.md.logins, status.errors) == (before.epoch, 1, {})
        new = {cause: count - before.rejects.get(cause, 0) for cause, count in status.rejects.items()}
        return ticks, {cause: count for cause, count in new.items() if count}

    def newest(self) -> dict[str, int]:
        return {tick.symbol: int(tick.volume) for tick in self.seen.ticks}


@pytest.fixture
async def victim(line: System) -> AsyncIterator[Victim]:
    async with line.connect() as bus:
        await line.until(bus, lambda status: status.acknowledged == 2 and status.td.state == "READY", "subscriptions")
        line.lab.control.burst(2)
        seen = Recorder()
        async with await seen.follow(bus, *line.kind.instruments[:2]):
            before = await line.status(bus)
            assert before is not None
            yield Victim(line, bus, seen, before)
            assert not seen.gaps


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"UpdateTime": "24:00:00"}, id="hour 24"),  # ValueError on stdout, tick lost (321)
        pytest.param({"UpdateTime": "9:3x:00"}, id="letters"),
        pytest.param({"UpdateTime": "09:30:60"}, id="second 60"),
        pytest.param({"UpdateMillisec": -1}, id="negative milliseconds"),
        pytest.param({"UpdateMillisec": 1000}, id="1000 milliseconds"),
        pytest.param({"UpdateTime": {"hex": "b1b1b1b1b1b1b1b100"}}, id="bytes that are no GBK text"),
    ],
)
async def test_a_time_that_is_none_is_counted(victim: Victim, fields: dict[str, Any]) -> None:
    ticks, rejects = await victim.hit(Volume=7, **fields)
    assert ticks == []
    assert rejects == {"bad_time": 1}


async def test_a_record_without_a_time_is_counted(victim: Victim) -> None:
    """Dropped without a word by the stock gateway (305)."""
    assert await victim.hit(Volume=7, UpdateTime="") == ([], {"no_time": 1})


@pytest.mark.parametrize(
    "fields",
    [
        {"ActionDay": ""},  # the stock gateway takes the machine's date (315)
        {"ActionDay": "00000000"},
        {"ActionDay": "20269999"},
        {"ActionDay": "2026112x"},
        {"ActionDay": "20301120"},  # ahead of the market by years
        {"TradingDay": ""},
        {"ActionDay": "", "TradingDay": ""},
        {"ActionDay": {"hex": "ff" * 9}, "TradingDay": {"hex": "ff" * 9}},
    ],
)
async def test_dates_that_are_none_are_inferred_and_flagged(victim: Victim, fields: dict[str, Any]) -> None:
    ticks, rejects = await victim.hit(Volume=7, **fields)
    assert rejects == {}
    # Dated by TradingDay alone, options of the stock exchanges do not miss ActionDay.
    inferred = victim.system.kind.name == "ctp" or "TradingDay" in fields
    assert [tick.flags for tick in ticks] == [TickFlag.SIMULATED | TickFlag.DATE_INFERRED * inferred]
    _, moment = victim.system.lab.market(victim.one)
    assert ticks[0].time.date() == moment.date()
    assert ticks[0].trading_day == 20261120


@pytest.mark.parametrize("millisec", [0, 5, 50, 500, 999])
async def test_milliseconds_are_what_they_say(victim: Victim, millisec: int) -> None:
    """5 and 50 both become 500 in the stock gateway (320)."""
    ticks, _ = await victim.hit(Volume=7, UpdateMillisec=millisec)
    assert ticks[0].time.microsecond == millisec * 1000


async def test_prices_that_do_not_exist_are_absent(victim: Victim) -> None:
    """DBL_MAX stays in the limit prices of the stock gateway (333-334)."""
    ticks, rejects = await victim.hit(Volume=7, **dict.fromkeys(PRICES, "DBL_MAX"))
    assert rejects == {}
    (tick,) = ticks
    assert tick.flags == TickFlag.SIMULATED | TickFlag.NO_LAST
    assert tick.last_price == 0
    assert [getattr(tick, name) for name in OPTIONAL] == [None] * len(OPTIONAL)
    assert tick.average_price is None
    for level in range(1, 6):
        for side in ("bid", "ask"):
            assert getattr(tick, f"{side}_price_{level}") == getattr(tick, f"{side}_volume_{level}") == 0


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
async def test_prices_that_are_no_numbers_are_absent(victim: Victim, number: float) -> None:
    def send(lab: CounterLab) -> None:  # not by the control port: JSON has no NaN
        lab.malformed(victim.one, dict.fromkeys((*PRICES, "Turnover", "OpenInterest"), number) | {"Volume": 7})

    victim.system.lab.call(send)
    ticks, rejects = await victim.hit(Volume=8)
    assert rejects == {}
    tick = ticks[0]
    assert tick.volume == 7
    assert tick.flags == TickFlag.SIMULATED | TickFlag.NO_LAST
    assert [getattr(tick, name) for name in OPTIONAL] == [None] * len(OPTIONAL)
    assert (tick.turnover, tick.open_interest, tick.bid_volume_1, tick.ask_price_1) == (0, 0, 0, 0)


async def test_a_crossed_book_is_flagged(victim: Victim) -> None:
    ticks, rejects = await victim.hit(Volume=7, BidPrice1=3200.0, AskPrice1=3100.0)
    assert rejects == {}
    assert ticks[0].flags == TickFlag.SIMULATED | TickFlag.CROSSED
    assert (ticks[0].bid_price_1, ticks[0].ask_price_1) == (3200.0, 3100.0)


async def test_negative_prices_are_prices(victim: Victim) -> None:
    ticks, _ = await victim.hit(Volume=7, LastPrice=-37.63, BidPrice1=-40.0, AskPrice1=0.0)
    assert (ticks[0].last_price, ticks[0].bid_price_1, ticks[0].ask_price_1) == (-37.63, -40.0, 0.0)
    assert ticks[0].ask_volume_1 > 0
    assert ticks[0].flags == TickFlag.SIMULATED


async def test_a_level_without_volume_is_absent(victim: Victim) -> None:
    ticks, _ = await victim.hit(Volume=7, BidVolume1=0, AskVolume2=-5)
    assert (ticks[0].bid_price_1, ticks[0].bid_volume_1, ticks[0].ask_price_2, ticks[0].ask_volume_2) == (0, 0, 0, 0)
    assert ticks[0].bid_price_2 > 0


async def test_a_negative_volume_is_counted(victim: Victim) -> None:
    assert await victim.hit(Volume=-1) == ([], {"bad_volume": 1})


@pytest.mark.parametrize("volume", [0, 1, 2**31 - 1])
async def test_a_volume_that_jumps_never_makes_a_negative_last_volume(victim: Victim, volume: int) -> None:
    ticks, _ = await victim.hit(Volume=volume)
    assert ticks[0].volume == volume
    assert ticks[0].last_volume >= 0


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("zz9999", "an instrument that nobody listed"),
        ("", "no name"),
        ("x" * 81, "a name that fills its field, without an end"),
        ({"hex": "ff" * 81}, "bytes that are no text"),
        ({"hex": "b0a1b0a1b0a100"}, "Chinese"),
        ("rb2701.SHFE > *", "what would be syntax on the bus"),
    ],
)
async def test_an_unknown_instrument_is_counted(victim: Victim, name: Any, why: str) -> None:
    ticks, rejects = await victim.hit(Volume=7, InstrumentID=name)
    assert ticks == [], why
    assert rejects == {"unknown_instrument": 1}


async def test_texts_without_an_end_do_not_reach_into_their_neighbours(victim: Victim) -> None:
    full = {"TradingDay": "2" * 9, "ActionDay": "2" * 9, "ExchangeID": "E" * 9, "ExchangeInstID": "i" * 81}
    ticks, rejects = await victim.hit(Volume=7, **full)
    assert rejects == {}
    assert ticks[0].flags == TickFlag.SIMULATED | TickFlag.DATE_INFERRED
    assert (ticks[0].symbol, ticks[0].trading_day) == (victim.one, 20261120)
    ticks, rejects = await victim.hit(Volume=7, UpdateTime="09:30:005")
    assert rejects.keys() <= {"bad_time"}


async def test_a_time_outside_the_session_is_flagged(victim: Victim) -> None:
    ticks, _ = await victim.hit(Volume=7, UpdateTime="08:40:00")
    assert ticks[0].flags == TickFlag.SIMULATED | TickFlag.OUT_OF_SESSION


async def test_yesterdays_tick_replayed_at_login_keeps_its_date(victim: Victim) -> None:
    ticks, _ = await victim.hit(Volume=7, ActionDay="20261119", TradingDay="20261119", UpdateTime="14:59:59")
    assert f"{ticks[0].time:%Y%m%d %H:%M:%S}" == "20261119 14:59:59"
    assert ticks[0].trading_day == 20261119


async def test_a_thousand_bad_records_are_a_count_and_a_few_lines(line: System, victim: Victim) -> None:
    for _ in range(300):
        line.lab.control.malformed(victim.one, {"UpdateTime": "nonsense"})
    ticks, rejects = await victim.hit(Volume=-3)
    assert ticks == []
    assert rejects == {"bad_time": 300, "bad_volume": 1}
    words = (line.folder / "worker-ctp.log").read_text()
    assert 0 < words.count("bad_time") <= 4  # the 1st, 10th, 100th


async def test_contracts_that_make_no_sense_cost_themselves_only(system: System) -> None:
    """An unknown exchange is a KeyError in the stock gateway, which loses the contract, or the whole list (618)."""
    wanted = system.kind.instruments[:2]
    one, two = map(symbol, wanted)
    others = [name for name in system.lab.listings if name not in {one, two}]
    alien, free, endless, unlisted, dateless, *_, last = others
    assert last == list(system.lab.listings)[-1]

    def spoil(lab: CounterLab) -> None:
        records = lab._trading.contracts._records  # pyright: ignore[reportPrivateUsage]
        rows = {name.decode(): row for row, name in enumerate(records["InstrumentID"].tolist())}
        records["ExchangeID"][rows[alien]] = b"MARS"
        records["ExchangeID"][rows[last]] = b"MARS"
        records["VolumeMultiple"][rows[free]] = 0
        records["PriceTick"][rows[endless]] = np.finfo(np.float64).max
        records["InstrumentName"][rows[two]] = b"\xff" * 20
        records["ProductClass"][rows[unlisted]] = b"5"  # EFP: nobody trades it here
        records["ExpireDate"][rows[dateless]] = b"99999999"
        records["StrikePrice"][rows[dateless]] = np.nan

    system.lab.call(spoil)
    glob = "*." + wanted[0].partition(".")[2]
    system.worker(glob, wanted[1])
    async with system.connect() as bus:
        status = await system.ready(bus)
        assert status.contracts == 300 - 5
        assert status.rejects == {"bad_contract": 4}
        listed = {contract.symbol: contract for contract in await bus.contracts()}
        assert listed.keys().isdisjoint({alien, free, endless, unlisted, last})
        assert listed[one].name == system.lab.listings[one].name
        assert {two, dateless} <= listed.keys()
        seen = Recorder()
        async with await seen.follow(bus, *wanted):
            await eventually(lambda: {one, two} <= {tick.symbol for tick in seen.live}, "ticks")
        assert alien not in {tick.symbol for tick in seen.ticks}
