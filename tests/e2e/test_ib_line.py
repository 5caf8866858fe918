"""The line to TWS and its market data: the unmodified ib_async on a simulated TWS, every tick and every outage."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from random import Random

import pytest

from marketbus.domain.errors import MarketBusError
from marketbus.domain.instrument import Exchange, Instrument, Pattern, parse_instrument
from marketbus.domain.session import SessionState
from marketbus.domain.tick import TickFlag
from marketbus.gateways.ib import session
from tests.conftest import Measured
from tests.system.ib_line import ib_line, limit_order
from tests.system.poll import eventually
from tests.system.tws import Tws

AAPL, BY_NUMBER = "AAPL-USD-STK.SMART", "265598.SMART"
ES = "ES-20261218-USD-FUT.CME"
NUMBER = 265598
DISCONNECTED, CONNECTING, AUTHENTICATING, SYNCING, READY, STALE, WAITING, FAILED, _ = SessionState
UP = [CONNECTING, AUTHENTICATING, SYNCING, READY]


@pytest.fixture
def tws() -> Iterator[Tws]:
    tws = Tws(lines=300)
    yield tws
    tws.stop()


async def test_every_trade_is_a_tick_with_the_venues_time(tws: Tws) -> None:
    """TWS raises Volume by 1 with each of its ticks: the set of what it sent is the set of what arrived."""
    async with ib_line(tws) as line:
        await line.subscribe(AAPL)
        first = line.of(AAPL)[-1].volume
        tws.control.burst(500)
        told = tws.control.oracle()[str(NUMBER)]
        await eventually(lambda: line.of(AAPL)[-1].volume == told["last"], "the last of them")
        ticks = line.of(AAPL)
        assert {tick.volume for tick in ticks if tick.volume > first} == set(range(int(first) + 1, told["last"] + 1))
        trades = [tick for tick in ticks if tick.last_volume]
        assert all(tick.last_volume == 1 and not tick.flags & TickFlag.DATE_INFERRED for tick in trades)
        assert [tick.datetime for tick in ticks] == sorted(tick.datetime for tick in ticks)
        truth = tws.call(lambda lab: lab.feed.latest(lab.terminal.contract(NUMBER)))
        assert abs(trades[-1].datetime - truth.now_ns) < 100_000_000
        last = ticks[-1]
        assert (last.last_price, last.bid_price_1, last.ask_price_1) == (truth.last, truth.bids[0], truth.asks[0])
        assert (last.open_price, last.high_price, last.pre_close) == (truth.open, truth.high, truth.close)
        assert (last.trading_day, last.simulated, last.name) == (20261120, True, "APPLE INC")
        assert not line.heard.rejects


async def test_two_names_of_a_contract_are_one_line_at_tws(tws: Tws) -> None:
    async with ib_line(tws) as line:
        one, other = await line.subscribe(AAPL, BY_NUMBER)
        assert line.lines() == 1
        volume = tws.control.step(NUMBER)["volume"]
        await eventually(lambda: all(line.of(each)[-1].volume == volume for each in (AAPL, BY_NUMBER)), "both")
        await line.gateway.unsubscribe([one])
        tws.control.step(NUMBER, 3)
        await eventually(lambda: line.of(BY_NUMBER)[-1].volume == volume + 3, "the other goes on")
        assert line.of(AAPL)[-1].volume == volume
        await line.gateway.unsubscribe([other])
        await eventually(lambda: line.lines() == 0, "the line given back")


async def test_contracts_are_found_by_every_name_and_unknown_ones_answered_with_candidates(tws: Tws) -> None:
    names = [
        AAPL, BY_NUMBER, ES, "AAPL-20261218-C-230-100-USD-OPT.SMART", "EUR-USD-CASH.IDEALPRO", "BTC-USD-CRYPTO.GLOBAL",
        "IBUS500-USD-CFD.SMART", "SPX-USD-IND.CBOE", "ES-USD-CONTFUT.CME", "ABX-CAD-STK.SMART",
    ]  # fmt: skip
    async with ib_line(tws) as line:
        found = await line.gateway.look_up([Pattern(each) for each in names])
        listed = {each.vt_symbol: each for each in found.contracts}
        assert set(names) <= listed.keys()
        assert not found.unlisted
        assert (listed[ES].size, listed[ES].expire_date, listed[ES].currency) == (50.0, 20261218, "USD")
        assert listed["BTC-USD-CRYPTO.GLOBAL"].min_volume == 1e-08
        assert listed[AAPL].venue_id == listed[BY_NUMBER].venue_id == str(NUMBER)
        assert all(each.net_position for each in found.contracts)

        chain = await line.gateway.look_up([Pattern("ES-*-USD-FUT.CME"), Pattern("AAPL-20261218-C-*-USD-OPT.SMART")])
        futures = [each for each in chain.contracts if each.exchange is Exchange.CME]
        assert len(futures) == 4
        assert len(chain.contracts) == 4 + 17
        assert {each.option_portfolio for each in chain.contracts if each not in futures} == {"AAPL_O"}

        wrong = await line.gateway.look_up([Pattern("APPL-USD-STK.SMART"), Pattern("ES-20271217-USD-FUT.CME")])
        assert [each.candidates for each in wrong.unlisted] == [(AAPL,), tuple(each.vt_symbol for each in futures)]
        await line.subscribe("APPL-USD-STK.SMART")
        answer = line.answers()[Instrument("APPL-USD-STK", Exchange.SMART)]
        assert not answer.ok
        assert answer.message.endswith(f"{AAPL}?")


async def test_delayed_data_are_flagged_where_there_is_no_permission_and_nowhere_else(tws: Tws) -> None:
    """354, then 10167; the delayed type holds for what is asked for later, which is live all the same."""
    async with ib_line(tws) as line:
        await line.subscribe("SIE-EUR-STK.SMART", AAPL)
        tws.control.burst(20)
        await eventually(lambda: line.of("SIE-EUR-STK.SMART") and line.of(AAPL), "ticks of both")
        assert all(tick.flags & TickFlag.DELAYED for tick in line.of("SIE-EUR-STK.SMART"))
        assert not any(tick.flags & TickFlag.DELAYED for tick in line.of(AAPL))
        assert line.lines() == 2
    async with ib_line(tws, delayed=False) as line:
        await line.subscribe("SIE-EUR-STK.SMART")
        answer = line.answers()[Instrument("SIE-EUR-STK", Exchange.SMART)]
        assert (answer.ok, answer.code) == (False, 354)


async def test_a_line_with_a_part_of_its_data_is_given_back_for_a_delayed_one(tws: Tws) -> None:
    async with ib_line(tws) as line:
        await line.subscribe(AAPL)
        number = next(iter(line.gateway._quotes._by_number))  # pyright: ignore[reportPrivateUsage]
        tws.control.notice(10090, "Part of requested market data is not subscribed.", number)
        await eventually(lambda: line.lines() == 1 and number not in line.gateway._quotes._by_number, "another line")  # pyright: ignore[reportPrivateUsage]
        tws.control.notice(10090, "Part of requested market data is not subscribed.", number + 1)
        count = len(line.of(AAPL))
        tws.control.step(NUMBER)
        await eventually(lambda: len(line.of(AAPL)) > count, "ticks")


async def test_a_cfd_has_the_market_data_that_tws_points_at(tws: Tws) -> None:
    async with ib_line(tws) as line:
        await line.subscribe("AAPL-USD-CFD.SMART")
        tws.control.step(NUMBER)
        await eventually(lambda: line.of("AAPL-USD-CFD.SMART"), "ticks of the share behind it")


async def test_fractions_are_exact_and_what_has_no_trades_says_so(tws: Tws) -> None:
    async with ib_line(tws) as line:
        await line.subscribe("BTC-USD-CRYPTO.GLOBAL", "EUR-USD-CASH.IDEALPRO")
        tws.control.burst(40)
        await eventually(lambda: len(line.of("BTC-USD-CRYPTO.GLOBAL")) > 20, "bitcoin")
        for tick in line.of("BTC-USD-CRYPTO.GLOBAL"):
            assert all(
                len(str(each).partition(".")[2]) <= 8 for each in (tick.volume, tick.bid_volume_1, tick.last_volume)
            )
        euro = line.of("EUR-USD-CASH.IDEALPRO")[-1]
        assert euro.flags & TickFlag.NO_LAST
        assert euro.flags & TickFlag.DATE_INFERRED
        assert 0 < euro.bid_price_1 < euro.ask_price_1


async def test_depth_is_the_venues_book_and_tick_by_tick_its_seconds(tws: Tws) -> None:
    async with ib_line(tws, depth=[AAPL], tick_by_tick=[ES]) as line:
        await line.subscribe(AAPL, ES)
        for _ in range(3):
            tws.control.burst(40)
            truth = tws.call(lambda lab: lab.feed.latest(lab.terminal.contract(NUMBER)))
            wanted = ([*truth.bids[:5]], [*truth.asks[:5]], [*map(float, truth.bid_lots[:5])])

            def book() -> tuple[list[float], list[float], list[float]]:
                tick = line.of(AAPL)[-1]
                prices = [[getattr(tick, f"{side}_price_{n}") for n in range(1, 6)] for side in ("bid", "ask")]
                return prices[0], prices[1], [getattr(tick, f"bid_volume_{n}") for n in range(1, 6)]

            await eventually(lambda wanted=wanted: book() == wanted, "the book")
        (es,) = [each for each in line.gateway._quotes._lines.values() if each.entry.request.exchange == "CME"]  # pyright: ignore[reportPrivateUsage]
        await eventually(lambda: tws.control.burst(4) and len(es.by_tick) == 2, "both feeds", every=0.1)
        at = len(line.of(ES))
        volume = tws.control.step(600024324, 5)["volume"]
        await eventually(lambda: line.of(ES)[-1].volume == volume, "five more")
        seconds = [tick for tick in line.of(ES)[at:] if not tick.flags & TickFlag.DATE_INFERRED]
        assert len(seconds) >= 5
        assert (
            line.of(ES)[-1].ask_price_1
            == tws.call(lambda lab: lab.feed.latest(lab.terminal.contract(600024324))).asks[0]
        )
        assert not line.heard.rejects


async def test_connectivity_lost_and_restored_with_and_without_the_data(tws: Tws) -> None:
    """1100; 1102: nothing is asked for twice; 1101: everything is asked for again."""
    async with ib_line(tws) as line:
        (aapl,) = await line.subscribe(AAPL)
        for state, asked in (("restored", 0), ("data_lost", 1)):
            before = tws.call(lambda lab: lab.market.requests)
            tws.control.connectivity("lost")
            lost = await line.until(DISCONNECTED)
            assert (lost.code, bool(lost.hint)) == (1100, True)
            tws.control.connectivity(state)
            await line.until(READY)
            await line.gateway.subscribe([aapl])  # as the host does after every login
            count = len(line.of(AAPL))
            await eventually(lambda: tws.call(lambda lab: lab.market.requests) == before + asked, "what was asked")  # noqa: B023
            tws.control.step(NUMBER)
            await eventually(lambda: len(line.of(AAPL)) > count, "ticks")  # noqa: B023
        assert line.states() == [*UP, *[DISCONNECTED, CONNECTING, SYNCING, READY] * 2]


async def test_a_farm_that_was_broken_is_asked_again_and_leaves_no_line_behind(tws: Tws) -> None:
    async with ib_line(tws) as line:
        await line.subscribe(AAPL, ES)
        tws.control.farm(on=False)
        assert (await line.until(STALE)).code == 2103
        tws.control.farm(on=True)
        await line.until(READY)
        await eventually(lambda: tws.call(lambda lab: lab.feed.watched) == 2, "both again")
        count = len(line.of(AAPL))
        tws.control.step(NUMBER)
        await eventually(lambda: len(line.of(AAPL)) > count, "ticks")
        assert line.lines() == 2


async def test_a_competing_session_is_told_and_its_end_noticed(tws: Tws) -> None:
    async with ib_line(tws) as line:
        await line.subscribe(AAPL)
        tws.control.competing(on=True)
        told = await line.until(STALE)
        assert told.code == 10197
        assert told.hint is not None
        tws.control.competing(on=False)
        tws.control.step(NUMBER)
        await line.until(READY)
        assert line.lines() == 1


async def test_a_client_id_in_use_is_waited_for(tws: Tws) -> None:
    async with ib_line(tws) as first, ib_line(tws, ready=False) as second:
        waiting = await second.until(WAITING)
        assert waiting.code == 326
        assert waiting.hint is not None
        tried = tws.call(lambda lab: lab.connections)
        await eventually(lambda: tws.call(lambda lab: lab.connections) > tried + 1, "other attempts")
        first.gateway._session.latched = True  # pyright: ignore[reportPrivateUsage] (it leaves, and stays away)
        tws.control.drop()
        await second.until(READY)
        assert second.states()[-2:] == [SYNCING, READY]


async def test_a_tws_with_another_account_is_not_used(tws: Tws) -> None:
    async with ib_line(tws, ready=False, account="U999") as line:
        failed = await line.until(FAILED)
        assert failed.message == "TWS is logged in with DU1234567, not with U999"
        tried = tws.call(lambda lab: lab.connections)
        assert line.gateway._session.latched  # pyright: ignore[reportPrivateUsage]
        assert tws.call(lambda lab: lab.connections) == tried


async def test_of_several_accounts_one_must_be_named_to_trade() -> None:
    tws = Tws(accounts=("DU1", "DU2"))
    try:
        async with ib_line(tws, trading=True, ready=False) as line:
            assert "several accounts: DU1, DU2" in (await line.until(FAILED)).message
        async with ib_line(tws, trading=True, account="DU2") as line:
            assert (await line.trading.holdings()).account is not None
        async with ib_line(tws):  # market data need none
            pass
    finally:
        tws.stop()


async def test_a_mute_tws_is_left_and_found_again(tws: Tws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quiet markets are not muteness: TWS is asked for its time. Four seconds, a quarter of that here."""
    assert session.ASK_AFTER < session.MUTE_AFTER - session.LOOK < 5
    monkeypatch.setattr(session, "ASK_AFTER", session.ASK_AFTER / 4)
    monkeypatch.setattr(session, "MUTE_AFTER", session.MUTE_AFTER / 4)
    monkeypatch.setattr(session, "LOOK", session.LOOK / 4)
    async with ib_line(tws) as line:
        await line.subscribe(AAPL)
        tws.control.mute()
        told = await line.until(DISCONNECTED, within=3.0)
        assert told.message == "TWS said nothing for 1 s"
        tws.control.mute(on=False)
        await line.until(READY)


async def test_a_line_that_breaks_in_the_middle_of_anything_comes_back(tws: Tws) -> None:
    """Look-ups, subscriptions, orders and queries are under way each time."""
    chance = Random(7)
    async with ib_line(tws, trading=True) as line:
        for number in range(8):
            await line.until(READY)
            session_ = len(line.heard.days)

            async def use(number: int = number) -> None:
                with contextlib.suppress(MarketBusError):
                    await line.gateway.look_up(
                        [Pattern(AAPL), Pattern(f"X{number}-USD-STK.SMART"), Pattern("ES-*-USD-FUT.CME")]
                    )
                    await line.gateway.subscribe([parse_instrument(AAPL), parse_instrument(ES)])
                    await line.trading.send(limit_order(line.trading.next_ref(), 200.0, f"o{number}"))
                    await line.trading.books()

            using = asyncio.create_task(use())
            await asyncio.sleep(chance.uniform(0, 0.03))
            tws.control.drop()
            await using
            await eventually(lambda s=session_: len(line.heard.days) > s, "the next session", every=0.005)
        assert (await line.trading.books()).account is not None
        refs = [each["ref"] for each in tws.control.books()["orders"]]
        assert len(refs) == len(set(refs))


async def test_messages_that_cannot_be_read_are_counted_and_the_next_is_good(tws: Tws) -> None:
    async with ib_line(tws) as line:
        await line.subscribe(AAPL)
        number = next(iter(line.gateway._quotes._by_number))  # pyright: ignore[reportPrivateUsage]
        bad = [
            ["1", "6", str(number), "1", "rubbish", "1", "0"],
            ["1", "6", str(number), "4", "nan", "1", "0"],
            ["2", "6", str(number), "0", "-5"],
            ["2", "6", "not a number", "0", "5"],
            ["46", "6", str(number), "48", "1;2;3"],
            ["46", "6", str(number), "45", "soon"],
            ["1"],
            ["61", "3", "short"],
            ["9999", "1"],
        ]
        for fields in bad:
            tws.control.raw(fields)
        count = len(line.of(AAPL))
        tws.control.step(NUMBER)
        await eventually(lambda: len(line.of(AAPL)) > count, "a good tick")
        assert len(line.heard.rejects) == 7
        assert len(line.logged("td.unreadable")) == 1
        assert line.last().state is READY


async def test_an_order_leaves_at_once_while_two_hundred_requests_wait(tws: Tws, measured: Measured) -> None:
    """ib_async's own throttle would have it leave after them."""
    async with ib_line(tws, trading=True) as line:
        found = await line.gateway.look_up(
            [Pattern("AAPL-*-USD-OPT.SMART"), Pattern("AAPL-*-USD-OPT.CBOE"), Pattern(AAPL)]
        )
        options = list({each.instrument for each in found.contracts if each.instrument.symbol != "AAPL-USD-STK"})
        await line.gateway.subscribe(options)
        began = time.monotonic()
        order = limit_order(line.trading.next_ref(), 200.0)
        await line.trading.send(order)
        await eventually(lambda: line.heard.venue_events, "TWS's word on the order", every=0.001)
        measured("an order behind 204 requests for data → TWS's word (ib)", 1000 * (time.monotonic() - began), "ms")
        assert len(options) == 204
        assert len(options) - tws.call(lambda lab: lab.market.requests) > 150
        await eventually(lambda: line.lines() > 25, "the requests going on")
        assert line.states() == UP  # too fast, and TWS would have hung up
