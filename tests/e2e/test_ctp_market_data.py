"""What a client sees of a CTP line: contracts, status, ticks; judged by the simulated market's own books."""

import asyncio
import time
from collections.abc import Iterator

import numpy as np
import pytest

import marketbus
from marketbus import SymbolError, TickFlag, UnknownInstrument
from marketbus.domain.contract import OptionType, Product
from marketbus.lab.instruments import Kind
from tests.conftest import Measured
from tests.e2e.judged import assert_is_market, cut, newest_of_all
from tests.system import Recorder, System, eventually, past_python

PRODUCTS = {Kind.FUTURE: Product.FUTURES, Kind.OPTION: Product.OPTION, Kind.COMBINATION: Product.SPREAD}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One counter and one worker for all tests here; each leaves the subscriptions as it found them."""
    with System(tmp_path_factory.mktemp("line")) as system:
        system.worker("au*.SHFE")
        yield system


@pytest.fixture(autouse=True)
def usual_pace(line: System) -> None:
    line.lab.control.rate(200)
    line.lab.control.resume()


async def test_the_first_tick_comes_soon_after_a_worker_starts(line: System, measured: Measured) -> None:
    began = time.monotonic()
    async with line.connect() as bus:
        async for tick in bus.ticks("rb2701.SHFE"):
            assert tick.vt_symbol == "rb2701.SHFE"
            break
    measured("worker started → first tick", time.monotonic() - began)


async def test_status_says_ready_simulated_and_the_trading_day(line: System) -> None:
    async with line.connect() as bus:
        status = await line.ready(bus)
    assert status.simulated
    assert status.sdk.startswith("lab ")
    assert status.md.trading_day == status.td.trading_day == 20261120
    assert status.contracts == 300
    assert status.pins == ("au*.SHFE",)
    assert not status.rejects
    assert not status.drops
    assert status.market_time is not None
    assert abs(status.market_time - status.time) > 3600 * 10**9  # the counter's clock, not ours
    assert status.native["market_data"] == past_python.expected()


async def test_every_contract_carries_what_the_counter_listed(line: System) -> None:
    async with line.connect() as bus:
        await line.ready(bus)
        contracts = {contract.symbol: contract for contract in await bus.contracts()}
    assert contracts.keys() == line.lab.listings.keys()
    assert contracts["rb2701"].name == "螺纹钢2701"
    assert {contract.product for contract in contracts.values()} == set(PRODUCTS.values())
    assert any("&" in symbol and " " in symbol for symbol in contracts)
    for symbol, listing in line.lab.listings.items():
        contract = contracts[symbol]
        assert contract.gateway == "ctp"
        assert contract.name == cut(listing.name, 20)
        assert contract.exchange == listing.exchange
        assert contract.product is PRODUCTS[listing.kind]
        assert (contract.size, contract.pricetick) == (listing.multiplier, pytest.approx(listing.tick))
        assert (contract.min_volume, contract.max_volume) == (1, 500)
        assert contract.expire_date == int(f"{listing.expires:%Y%m%d}")
        assert contract.list_date == int(f"{listing.listed:%Y%m%d}")
        assert (contract.long_margin_ratio, contract.short_margin_ratio) == (0.12, 0.12)
        assert contract.is_trading is True
        if listing.kind is Kind.OPTION:
            assert contract.option_strike == listing.strike
            assert contract.option_type is (OptionType.CALL if listing.call else OptionType.PUT)
            assert contract.option_underlying == listing.underlying
            assert contract.option_portfolio
        else:
            assert (contract.option_strike, contract.option_type, contract.option_underlying) == (None, None, None)


async def test_a_glob_takes_every_contract_it_fits_and_no_other(line: System) -> None:
    async with line.connect() as bus:
        contracts = await bus.contracts("rb*.SHFE")
        expected = {
            symbol for symbol, each in line.lab.listings.items() if each.exchange == "SHFE" and symbol[:2] == "rb"
        }
        assert {contract.symbol for contract in contracts} == expected
        seen = Recorder()
        async with await seen.follow(bus, "rb*.SHFE"):
            await eventually(lambda: {tick.symbol for tick in seen.live} == expected, "ticks of every rb contract")
        assert {tick.symbol for tick in seen.ticks} == expected


async def test_a_combination_ticks_though_its_name_holds_blanks(line: System) -> None:
    name = next(each.symbol for each in line.lab.listings.values() if each.kind is Kind.COMBINATION)
    exchange = line.lab.listings[name].exchange
    async with line.connect() as bus:
        async for tick in bus.ticks(f"{name}.{exchange}"):
            if not tick.flags & TickFlag.SNAPSHOT:
                assert tick.symbol == name
                break


async def test_wrong_symbols_are_errors_with_near_names(line: System) -> None:
    async with line.connect() as bus:
        with pytest.raises(UnknownInstrument, match=r"SA701\.CZCE"):
            await anext(aiter(bus.ticks("SA2701.CZCE")))
        with pytest.raises(SymbolError):
            bus.ticks("rb2701")


async def test_every_field_of_a_tick_is_the_markets(line: System) -> None:
    newest = await newest_of_all(line)
    assert newest.keys() == line.lab.listings.keys()
    for symbol, listing in line.lab.listings.items():
        levels = 5 if listing.exchange in ("SHFE", "INE") else 1
        assert_is_market(newest[symbol], line, cut(listing.name, 20), levels)
        assert newest[symbol].average_price == pytest.approx(line.lab.market(symbol)[0].average[0])


async def test_last_values_then_live_ticks_without_hole_or_double(line: System) -> None:
    """1,000 ticks a second, one client from the beginning and one that comes in the middle."""
    patterns = ("*.CZCE", "hc*.SHFE", "i*.DCE")
    line.lab.control.rate(1000)
    early, late = Recorder(), Recorder()
    async with line.connect() as first, line.connect() as second:
        async with await early.follow(first, *patterns):
            await asyncio.sleep(1)
            async with await late.follow(second, *patterns):
                await asyncio.sleep(1.5)
                line.lab.control.pause()
                sent = {symbol: each["last"] for symbol, each in line.lab.control.oracle().items()}
                for seen in (early, late):

                    def complete(seen: Recorder = seen) -> bool:
                        return all(volumes[-1] == sent[symbol] for symbol, volumes in seen.volumes().items())

                    await eventually(complete, "the last tick of each instrument")
        assert len(early.ticks) > 2000
        assert early.volumes().keys() == late.volumes().keys()
        for seen in (early, late):
            assert not seen.gaps
            for symbol, volumes in seen.volumes().items():
                assert sorted(volumes) == volumes
                assert set(volumes) == set(range(volumes[0], sent[symbol] + 1))
                ticks = [tick for tick in seen.ticks if tick.symbol == symbol]
                assert [tick.seq for tick in ticks] == list(range(ticks[0].seq, ticks[0].seq + len(ticks)))
                assert not any(tick.flags & TickFlag.SNAPSHOT for tick in ticks[1:])
        for symbol in late.volumes():
            assert next(tick for tick in late.ticks if tick.symbol == symbol).flags & TickFlag.SNAPSHOT
        assert first.stats.duplicates == second.stats.duplicates == 0


async def test_each_client_gets_its_own_instruments(line: System) -> None:
    async with line.connect() as first, line.connect() as second:
        steel, oil = Recorder(), Recorder()
        async with await steel.follow(first, "rb2701.SHFE"), await oil.follow(second, "sc2701.INE", "rb2702.SHFE"):
            await eventually(lambda: len(steel.live) > 5 and len(oil.live) > 5, "ticks at both")
    assert {tick.symbol for tick in steel.ticks} == {"rb2701"}
    assert {tick.symbol for tick in oil.ticks} == {"sc2701", "rb2702"}


async def test_the_venue_is_asked_for_no_more_when_the_last_listener_goes(line: System) -> None:
    async with line.connect() as bus:
        await line.ready(bus)
        one, two = Recorder(), Recorder()
        async with await one.follow(bus, "zn2701.SHFE"):
            async with await two.follow(bus, "zn2701.SHFE"):
                await eventually(lambda: "zn2701" in line.lab.subscribed, "the subscription at the venue")
            interest = [each for each in await bus.subscriptions() if each.vt_symbol == "zn2701.SHFE"]
            assert [(each.holders, each.requested, each.acknowledged) for each in interest] == [(1, True, True)]
            assert "zn2701" in line.lab.subscribed
        await eventually(lambda: "zn2701" not in line.lab.subscribed, "the unsubscription at the venue")
        assert {symbol for symbol in line.lab.subscribed if symbol.startswith("au")}  # pinned: stays


async def test_a_client_that_dies_without_a_word_is_forgotten_when_its_lease_ends(line: System) -> None:
    async with line.connect() as bus:
        await line.ready(bus)
        doomed = await line.connect().open()
        await Recorder().follow(doomed, "pb2701.SHFE", ttl=1.5)
        await eventually(lambda: "pb2701" in line.lab.subscribed, "the subscription at the venue")
        await doomed._hub.link.close()  # pyright: ignore[reportPrivateUsage]
        await eventually(lambda: "pb2701" not in line.lab.subscribed, "the end of the lease", within=6)


async def test_conflated_feeds_show_the_newest_value(line: System) -> None:
    async with line.connect() as bus, bus.ticks("rb2701.SHFE", "IF2612.CFFEX", conflate=True) as ticks:
        await eventually(lambda: {"rb2701", "IF2612"} <= line.lab.subscribed, "the subscriptions")
        line.lab.control.pause()
        line.lab.control.burst(5000)
        sent = line.lab.control.oracle()
        last: dict[str, float] = {}

        async def look() -> bool:
            last.update({tick.symbol: tick.volume for tick in await ticks.batch()})
            return all(last.get(symbol) == sent[symbol]["last"] for symbol in ("rb2701", "IF2612"))

        await eventually(look, "the newest values", within=10)


def test_the_blocking_client_sees_the_same(line: System) -> None:
    with marketbus.connect_sync(line.nats.url) as bus:
        contracts = bus.contracts("IF*.CFFEX")
        assert {contract.symbol[:2] for contract in contracts} == {"IF"}
        for tick in bus.ticks("IF2612.CFFEX"):
            assert tick.symbol == "IF2612"
            break


def test_the_labs_listing_has_what_these_tests_rely_on(line: System) -> None:
    listed = line.lab.listings.values()
    assert {each.exchange for each in listed} == {"SHFE", "INE", "DCE", "CZCE", "CFFEX", "GFEX"}
    assert np.isfinite(line.lab.exchange.upper_limit).all()
