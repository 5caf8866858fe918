"""HI: the past."""

import pytest

from marketbus import BadRequest, NotSupported, UnknownInstrument
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import NS
from marketbus.ports.gateway import Capability
from tests.contract.line import MAIN, Line


@pytest.mark.card("HI-01", needs=Capability.HISTORY)
async def test_hi_01_bars_and_ticks_are_those_of_the_span_in_order_and_over(line: Line) -> None:
    async with line.connect() as bus:
        now = ((await line.serving(bus)).market_time or 0) // NS * NS
        span = (now - 2 * 3600 * NS, now)
        bars = await bus.query_history(line.pinned, "1m", *span, gateway=MAIN)
        assert 60 <= len(bars) <= 120
        assert [bar.datetime for bar in bars] == sorted({bar.datetime for bar in bars})
        assert span[0] <= bars[0].datetime <= bars[-1].datetime <= now - 60 * NS
        for bar in bars:
            assert (bar.gateway, bar.vt_symbol, bar.interval) == (MAIN, line.pinned, "1m")
            assert bar.low_price <= min(bar.open_price, bar.close_price)
            assert bar.high_price >= max(bar.open_price, bar.close_price)
            assert bool(bar.flags & TickFlag.SIMULATED) == line.registered.simulated
        middle = bars[len(bars) // 2].datetime
        two = [
            *await bus.query_history(line.pinned, "1m", span[0], middle, gateway=MAIN),
            *await bus.query_history(line.pinned, "1m", middle, now, gateway=MAIN),
        ]
        assert two == bars
        ticks = await bus.query_ticks(line.pinned, now - 300 * NS, now, gateway=MAIN)
        assert ticks
        assert [tick.datetime for tick in ticks] == sorted(tick.datetime for tick in ticks)
        assert now - 300 * NS <= ticks[0].datetime <= ticks[-1].datetime < now


@pytest.mark.card("HI-01", lacks=Capability.HISTORY)
async def test_hi_01_a_gateway_without_history_says_so(line: Line) -> None:
    async with line.connect() as bus:
        await line.serving(bus)
        with pytest.raises(NotSupported, match="no history"):
            await bus.query_history(line.pinned, "1m", "2026-11-01", gateway=MAIN)


@pytest.mark.card("HI-02", needs=Capability.HISTORY)
async def test_hi_02_what_cannot_be_answered_is_a_typed_error(line: Line) -> None:
    async with line.connect() as bus:
        now = (await line.serving(bus)).market_time or 0
        with pytest.raises(UnknownInstrument):
            await bus.query_history(line.registered.stranger, "1m", now - 60 * NS, gateway=MAIN, wait=0)
        with pytest.raises(BadRequest, match="after its start"):
            await bus.query_history(line.pinned, "1m", now, now - NS, gateway=MAIN)
        with pytest.raises(BadRequest, match="may be asked for at once"):
            await bus.query_history(line.pinned, "1s", 1, now, gateway=MAIN)
        with pytest.raises(BadRequest, match="more than a day"):
            await bus.query_ticks(line.pinned, now - 86_401 * NS, now, gateway=MAIN)
        with pytest.raises(BadRequest, match="no such interval"):
            await bus.query_history(line.pinned, "7m", now - 60 * NS, gateway=MAIN)
        with pytest.raises(NotSupported):
            await bus.query_history(line.pinned, "w", now - 60 * NS, gateway=MAIN)
        tomorrow = now + 86_400 * NS
        assert await bus.query_history(line.pinned, "1m", tomorrow, tomorrow + 60 * NS, gateway=MAIN) == []
