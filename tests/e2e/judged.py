"""The market's own books judge what a client sees."""

import time

from marketbus import Exchange, Tick, TickFlag
from marketbus.lab.hours import trading_day
from tests.system import Recorder, System, eventually


def cut(name: str, size: int) -> str:
    """As a text field of so many bytes holds it; a character that does not fit whole is left out."""
    return name.encode("gb18030")[:size].decode("gb18030", "ignore")


async def newest_of_all(line: System) -> dict[str, Tick]:
    """The last tick of every instrument, the market standing still."""
    count = len(line.lab.listings)
    async with line.connect() as bus:
        await line.ready(bus)
        seen = Recorder()
        async with await seen.follow(bus, "*"):
            await eventually(lambda: len(line.lab.subscribed) == count, "every instrument subscribed")
            line.lab.control.pause()
            line.lab.control.burst(3 * count)
            last = {symbol: each["last"] for symbol, each in line.lab.control.oracle().items()}

            def complete() -> bool:
                newest = {tick.symbol: tick.volume for tick in seen.ticks}
                return all(newest.get(symbol) == volume for symbol, volume in last.items())

            await eventually(complete, "the newest tick of every instrument")
        return {tick.symbol: tick for tick in seen.ticks}


def assert_is_market(tick: Tick, line: System, name: str, levels: int) -> None:
    """Every field that every counter sends; the venue gives so many levels."""
    market, row = line.lab.exchange, line.lab.exchange.rows[tick.symbol]
    raw, moment = line.lab.market(tick.symbol)
    assert tick.time == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert tick.trading_day == int(f"{trading_day(moment):%Y%m%d}")
    assert abs(time.time_ns() - tick.received) < 60 * 10**9
    assert tick.exchange is Exchange(line.lab.listings[tick.symbol].exchange)
    assert tick.name == name
    assert not tick.flags & ~TickFlag.SNAPSHOT ^ TickFlag.SIMULATED  # in session, dates told, not crossed
    for side, prices, volumes in (("bid", raw.bid[0], raw.bid_volume[0]), ("ask", raw.ask[0], raw.ask_volume[0])):
        for level in range(1, 6):
            there = level <= levels and volumes[level - 1] > 0
            price = float(prices[level - 1]) if there else 0.0
            assert getattr(tick, f"{side}_price_{level}") == price
            assert getattr(tick, f"{side}_volume_{level}") == (volumes[level - 1] if there else 0)
    assert (tick.last_price, tick.volume, tick.turnover) == (raw.last[0], raw.volume[0], raw.turnover[0])
    assert tick.last_volume == 1
    assert tick.open_interest == raw.open_interest[0]
    assert (tick.open_price, tick.high_price, tick.low_price) == (raw.open[0], raw.high[0], raw.low[0])
    assert (tick.limit_up, tick.limit_down) == (market.upper_limit[row], market.lower_limit[row])
    assert (tick.pre_close, tick.pre_settlement) == (market.pre_close[row], market.pre_settlement[row])
    assert tick.pre_open_interest == market.pre_open_interest[row]
    assert tick.settlement_price is None  # comes after the close
