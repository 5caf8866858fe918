"""Historical data of the simulated TWS: any stretch agrees with any other, and may not be asked for too often."""

# pyright: reportUnknownMemberType=false

from decimal import Decimal

import pytest

from tests.unit.lab.tws.asking import AAPL, contract
from tests.unit.lab.tws.talk import Talk, connect, playing

END = "20261119-21:00:00"


async def bars(talk: Talk, size: str, duration: str = "1 D", show: str = "TRADES", end: str = END) -> list[list[str]]:
    request = 100 + len(talk.of(17))
    talk.client.reqHistoricalData(request, AAPL, end, duration, size, show, 1, 1, False, [])
    talk.send()
    await talk.settled()
    (told,) = [fields for fields in talk.of(17) if fields[1] == str(request)]
    return [told[5 + 8 * n : 13 + 8 * n] for n in range(int(told[4]))]


async def test_long_bars_are_made_of_short_ones() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        minutes, hours, days = [await bars(talk, size) for size in ("1 min", "1 hour", "1 day")]
        assert len(minutes) == 390
        assert minutes[0][0] == "20261119 09:30:00 US/Eastern"
        assert [day[0] for day in days] == ["20261119"]
        for longer in (hours, days):
            assert longer[0][1] == minutes[0][1]
            assert longer[-1][4] == minutes[-1][4]
            assert max(Decimal(bar[2]) for bar in longer) == max(Decimal(bar[2]) for bar in minutes)
            assert min(Decimal(bar[3]) for bar in longer) == min(Decimal(bar[3]) for bar in minutes)
            assert sum(Decimal(bar[5]) for bar in longer) == sum(Decimal(bar[5]) for bar in minutes)
        for bar in minutes:
            opened, high, low, closed = map(Decimal, bar[1:5])
            assert low <= min(opened, closed) <= max(opened, closed) <= high
        await talk.close()


async def test_weekends_are_left_out_and_quotes_have_no_volume() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        days = await bars(talk, "1 day", "2 W", "MIDPOINT")
        assert [bar[0][6:] for bar in days] == ["05", "06", "09", "10", "11", "12", "13", "16", "17", "18", "19"][
            -len(days) :
        ]
        assert {tuple(bar[5:]) for bar in days} == {("-1", "-1", "-1")}
        await talk.close()


async def test_asking_too_often_is_refused() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        for request in (1, 2):
            talk.client.reqHistoricalData(request, AAPL, END, "1 D", "5 mins", "TRADES", 1, 1, False, [])
        for request in range(10, 17):
            talk.client.reqHistoricalData(request, AAPL, END, f"{request} D", "1 day", "TRADES", 1, 1, False, [])
        talk.send()
        await talk.settled()
        assert [fields[2] for fields in talk.of(4)[3:]] == ["2", "14", "15", "16"]
        assert set(talk.codes[3:]) == {162}
        lab.clock(step=20)
        talk.client.reqHistoricalData(30, AAPL, END, "1 D", "5 mins", "TRADES", 1, 1, False, [])
        talk.send()
        await talk.settled()
        assert talk.of(17)[-1][1] == "30"
        await talk.close()


async def test_what_cannot_be_answered() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        asked = [
            ("7 mins", "1 D", "TRADES", AAPL),
            ("1 min", "1 fortnight", "TRADES", AAPL),
            ("1 min", "1 D", "YIELD", AAPL),
            ("1 min", "1 D", "TRADES", contract("EUR", "CASH", "IDEALPRO")),
            ("1 min", "1 D", "TRADES", contract("NONE", "STK", "SMART")),
        ]
        for request, (size, duration, show, of) in enumerate(asked, 1):
            talk.client.reqHistoricalData(request, of, END, duration, size, show, 1, 1, False, [])
        talk.client.reqHistoricalData(9, AAPL, "yesterday", "1 D", "1 min", "TRADES", 1, 1, False, [])
        talk.send()
        await talk.settled()
        lab.outages.history_farm(on=False)
        talk.client.reqHistoricalData(10, AAPL, END, "1 D", "1 min", "TRADES", 1, 1, False, [])
        talk.send()
        await talk.settled()
        assert talk.codes[3:] == [321, 321, 321, 321, 200, 321, 2105, 162]
        await talk.close()


@pytest.mark.parametrize("forward", [True, False])
async def test_ticks_of_the_past(forward: bool) -> None:
    async with playing() as lab:
        talk = await connect(lab)
        begin, end = ("20261119-15:00:00", "") if forward else ("", "20261119-15:00:00")
        talk.client.reqHistoricalTicks(1, AAPL, begin, end, 100, "TRADES", 1, False, [])
        talk.send()
        (told,) = await talk.until(98)
        times = [int(told[3 + 6 * n]) for n in range(int(told[2]))]
        edge = 1795100400
        assert times == sorted(times)
        assert edge <= times[0] < times[-1] < edge + 100 if forward else edge - 100 < times[0] < times[-1] < edge
        last = times[-1] if forward else times[0]  # is complete, and the hundredth is in it
        assert len(times) - times.count(last) < 100 <= len(times)
        assert max(times.count(each) for each in times) == 3
        assert told[-1] == "1"
        await talk.close()


async def test_a_bar_can_be_kept_up_to_date() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.client.reqHistoricalData(1, AAPL, "", "1 D", "1 min", "TRADES", 0, 1, True, [])
        talk.send()
        await talk.settled()
        tick = await lab.step("AAPL", 3)
        await talk.until(90, 3)
        assert talk.of(90)[-1][2] == "3"
        assert float(talk.of(90)[-1][5]) == tick["last"]
        talk.client.cancelHistoricalData(1)
        talk.send()
        await talk.settled()
        assert talk.codes[3:] == [162]
        await lab.step("AAPL")
        await talk.settled()
        assert len(talk.of(90)) == 3
        await talk.close()
