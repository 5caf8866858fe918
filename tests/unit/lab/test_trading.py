"""Orders over the trading front's own frames: what comes back, to whom, and what the books say."""

import asyncio
import random
from datetime import datetime
from typing import Any

import pytest

from marketbus.lab.ctp_family import CounterLab, build
from marketbus.lab.ctp_family.flow import QUICK, RESTART, RESUME
from marketbus.lab.ctp_family.layout import Layout
from marketbus.lab.errors import LabError
from marketbus.lab.instruments import Kind
from marketbus.lab.sopt import SOPT
from marketbus.lab.trading.matching import Depth
from tests.unit.lab.counter_client import running
from tests.unit.lab.trading_client import Trader, query


def depth(lab: CounterLab, symbol: str = "rb2701") -> Depth:
    return lab.terminal._venue.depth(symbol)  # pyright: ignore[reportPrivateUsage]


def prices(lab: CounterLab, symbol: str = "rb2701") -> tuple[float, float]:
    """Best bid and ask."""
    book = depth(lab, symbol)
    return float(book.bids[0][0]), float(book.asks[0][0])


async def test_an_order_fills_at_once(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        _, ask = prices(lab)
        trader.order(price=ask)
        await trader.hear("a", "0", f"trade 1@{ask:g}")
        first, filled, trade = (data for _, _, data in trader.told)
        assert (first["OrderSysID"], first["OrderSubmitStatus"], first["StatusMsg"]) == ("", "0", "报单已提交")
        assert (filled["VolumeTraded"], filled["VolumeTotal"], filled["StatusMsg"]) == (1, 0, "全部成交")
        assert filled["OrderSysID"] == trade["OrderSysID"] == f"{1:>12}"
        assert (filled["FrontID"], filled["SessionID"], filled["OrderRef"]) == (1, trader.login["SessionID"], "1")
        assert (filled["InsertDate"], filled["InsertTime"][:5], trade["TradingDay"]) == (
            "20261120",
            "09:30",
            "20261120",
        )
        assert (trade["OrderRef"], trade["TradeID"].strip(), trade["OffsetFlag"]) == ("1", "1", "0")


async def test_a_waiting_order_is_cancelled_by_either_of_its_names(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        bid, _ = prices(lab)
        one = trader.order(price=bid - 20)
        trader.order(price=bid - 21)
        await trader.hear("a", "3", "a", "3")
        trader.cancel(one)
        trader.cancel("", ExchangeID="SHFE", OrderSysID=trader.told[3][2]["OrderSysID"])
        await trader.hear("a", "3", "a", "3", "5", "5")
        assert [data["OrderRef"] for *_, data in trader.told[4:]] == ["1", "2"]
        assert trader.told[-1][2]["StatusMsg"] == "已撤单"
        assert lab.terminal.books()["account"]["available"] == 1_000_000


async def test_a_resting_order_fills_in_parts_as_the_market_moves(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        bid, _ = prices(lab)
        trader.order(price=bid, volume=40)  # nobody has subscribed the instrument
        await trader.hear("a", "3")
        async with asyncio.timeout(10):
            while lab.terminal.books()["orders"][0]["state"] != "filled":
                await lab.burst(10)
        await trader.silence()
        fills = [data["Volume"] for name, _, data in trader.told if name == "OnRtnTrade"]
        assert sum(fills) == 40
        assert len(fills) > 1
        assert trader.story[2] == "1"
        assert trader.story[-2] == "0"
        assert {trade["price"] for trade in lab.terminal.books()["trades"]} == {bid}


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"OrderRef": "0"}, 22, "CTP:报单错误：不允许重复报单"),
        ({"OrderRef": "x"}, 15, "CTP:报单字段有误"),
        ({"InstrumentID": "zz1"}, 16, "CTP:找不到合约"),
        ({"ExchangeID": "DCE"}, 16, "CTP:找不到合约"),
        ({"CombOffsetFlag": "1"}, 51, "CTP:平昨仓位不足"),
        ({"CombOffsetFlag": "3"}, 50, "CTP:平今仓位不足"),
        ({"CombOffsetFlag": "1", "InstrumentID": "m2701"}, 30, "CTP:平仓量超过持仓量"),
        ({"VolumeTotalOriginal": 500}, 31, "CTP:资金不足"),
        ({"VolumeTotalOriginal": 501}, 15, "CTP:报单字段有误"),
        ({"Direction": "9"}, 15, "CTP:报单字段有误"),
        ({"LimitPrice": float("nan")}, 15, "CTP:报单字段有误"),
        ({"OrderPriceType": "1"}, 80, "CTP:交易所不支持的价格类型"),
        ({"ContingentCondition": "5"}, 27, "CTP:不支持的功能"),
        ({"InvestorID": "2"}, 13, "CTP:找不到投资者"),
    ],
)
async def test_the_counter_refuses_with_its_own_number(
    layout: Layout, fields: dict[str, Any], error: int, words: str
) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        order: dict[str, Any] = {"price": prices(lab)[1]} | fields
        trader.order(**order)
        await trader.hear(f"OnRspOrderInsert {error}", f"OnErrRtnOrderInsert {error}")
        raw = next(each for each in trader.frames if each.sequence == 1)
        assert raw.data[4:84].split(b"\0")[0].decode("gb18030") == words
        books = lab.terminal.books()
        assert (books["orders"], books["account"]["available"]) == ([], 1_000_000)


async def test_orders_wait_for_the_settlements_confirmation(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader(layout).connect(lab.addresses["td"])
        trader.log_in()
        await trader.answer("OnRspUserLogin")
        trader.order(price=3000)
        error, _ = await trader.answer("OnRspOrderInsert")
        assert error == 42


@pytest.mark.parametrize(
    ("symbol", "move", "words"),
    [
        ("rb2701", 100_000, "已撤单报单被拒绝SHFE:价格超出涨停板"),
        ("IF2612", -3000, "已撤单报单被拒绝CFFEX:价格跌破跌停板"),
        ("sc2701", 0.05, "已撤单报单被拒绝INE:价格非最小单位倍数"),
    ],
)
async def test_the_venue_refuses_in_the_orders_own_status(layout: Layout, symbol: str, move: float, words: str) -> None:
    async with running(layout, money=1e9) as lab:
        trader = await Trader.ready(lab, layout)
        trader.order(symbol, price=prices(lab, symbol)[1] + move)
        await trader.hear("a", "5")
        refused = trader.told[-1][2]
        assert (refused["OrderSubmitStatus"], refused["StatusMsg"], refused["OrderSysID"]) == ("4", words, "")
        assert lab.terminal.books()["account"]["available"] == 1e9


async def test_what_has_no_session_is_refused(layout: Layout) -> None:
    async with running(layout) as lab:
        lab.clock(start=datetime.fromisoformat("2026-11-20T21:30:00"))
        trader = await Trader.ready(lab, layout)
        trader.order("si2701", price=prices(lab, "si2701")[1])
        await trader.hear("a", "5")
        assert trader.told[-1][2]["StatusMsg"] == "已撤单报单被拒绝GFEX:当前状态禁止此项操作"


async def test_a_cancel_that_comes_too_late_changes_nothing(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        bid, ask = prices(lab)
        filled = trader.order(price=ask)
        trader.cancel(filled)
        trader.cancel("77")
        trader.cancel(filled, ActionFlag="3")
        await trader.hear(
            "a", "0", f"trade 1@{ask:g}",
            "OnRspOrderAction 26", "OnErrRtnOrderAction 26",
            "OnRspOrderAction 25", "OnErrRtnOrderAction 25",
            "OnRspOrderAction 23", "OnErrRtnOrderAction 23",
        )  # fmt: skip
        # And the race at the venue: both are on their way, the fill comes first.
        waiting = trader.order(price=bid - 5)
        await trader.hear(*trader.story, "a", "3")
        lab.terminal.venue(hold=True)
        trader.cancel(waiting)
        trader.cancel(waiting)
        await trader.hear(*trader.story, "OnRspOrderAction 24", "OnErrRtnOrderAction 24")
        assert lab.terminal.strike("rb2701", "sell", 1, bid - 5) == 1
        assert lab.terminal.venue(hold=False) == 0
        await trader.hear(*trader.story[:13], "0", f"trade 1@{bid - 5:g}", "OnErrRtnOrderAction 26")


async def test_fak_fok_and_market_orders_as_vnpy_sends_them(layout: Layout) -> None:
    async with running(layout, money=1e9) as lab:
        trader = await Trader.ready(lab, layout)
        book = depth(lab, "IF2612")
        best, have = float(book.asks[0][0]), book.asks[0][1]
        immediately = {"TimeCondition": "1"}
        trader.order("IF2612", price=best, volume=have + 5, VolumeCondition="3", **immediately)
        await trader.hear("a", "5")
        trader.order("IF2612", price=best, volume=have + 5, **immediately)
        await trader.hear("a", "5", "a", "1", f"trade {have}@{best:g}", "5")
        trader.order("IF2612", volume=1, OrderPriceType="1")
        second = float(book.asks[1][0])
        await trader.hear(*trader.story[:6], "a", "0", f"trade 1@{second:g}")


async def test_every_session_of_the_account_hears_and_another_terminal_too(layout: Layout) -> None:
    async with running(layout) as lab:
        one, two = [await Trader.ready(lab, layout) for _ in range(2)]
        deaf = await Trader.ready(lab, layout, resume=None)
        bid, ask = prices(lab)
        one.order(price=ask)
        for each in (one, two):
            await each.hear("a", "0", f"trade 1@{ask:g}")
        order = lab.terminal.order("rb2701", "sell", 2, bid + 30)
        for each in (one, two):
            await each.hear("a", "0", f"trade 1@{ask:g}", "a", "3")
        two.cancel("", ExchangeID="SHFE", OrderSysID=order["order_sys_id"])
        await one.hear("a", "0", f"trade 1@{ask:g}", "a", "3", "5")
        two.cancel("1", SessionID=one.login["SessionID"])
        await two.hear(*one.story, "OnRspOrderAction 26", "OnErrRtnOrderAction 26")
        await deaf.silence()
        assert deaf.story == []
        with pytest.raises(LabError, match=r"\[50\] CTP:平今仓位不足"):
            lab.terminal.order("rb2701", "buy", 1, ask, offset="close_today")


async def test_the_private_flow_is_replayed_as_it_was_asked_for(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        assert trader.login["MaxOrderRef"] == "1"
        _, ask = prices(lab)
        trader.order(price=ask, OrderRef="41")
        story = ["a", "0", f"trade 1@{ask:g}"]
        await trader.hear(*story)
        assert [each.sequence for each in trader.frames if each.sequence] == [1, 2, 3]
        for resume, sequence, day, heard in (
            (RESTART, 2, "20261120", story),
            (RESUME, 2, "20261120", story[2:]),
            (RESUME, 2, "20261119", story),
            (QUICK, 0, "", []),
        ):
            again = await Trader.ready(lab, layout, resume, sequence, day)
            await again.silence()
            assert again.story == heard
            assert again.login["MaxOrderRef"] == "41"


async def test_queries_tell_what_the_books_say(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        bid, ask = prices(lab)
        lab.terminal.position("rb2701", "long", 3, yesterday=True)
        lab.terminal.position("m2701", "short", 2, 3000.0)
        trader.order(price=ask, volume=2)
        trader.order(price=bid + 50, volume=1, Direction="1", CombOffsetFlag="3")
        trader.order(price=bid + 50, volume=2, Direction="1", CombOffsetFlag="4")
        await trader.hear("a", "0", f"trade 2@{ask:g}", "a", "3", "a", "3")
        books = lab.terminal.books()
        (money,) = await query(lab, layout, "TradingAccount")
        assert money["Balance"] == pytest.approx(
            money["PreBalance"] + money["CloseProfit"] + money["PositionProfit"] - money["Commission"]
        )
        assert money["Available"] == pytest.approx(
            money["Balance"] - money["CurrMargin"] - money["FrozenMargin"] - money["FrozenCommission"]
        )
        assert (money["Commission"], money["Available"]) == (
            books["account"]["commission"],
            books["account"]["available"],
        )
        assert money["Commission"] == pytest.approx(ask * 10 * 2 * 0.0001)
        held = {
            (each["InstrumentID"], each["PosiDirection"], each["PositionDate"]): each
            for each in await query(lab, layout, "InvestorPosition")
        }
        today, before = held["rb2701", "2", "1"], held["rb2701", "2", "2"]
        assert (today["Position"], today["TodayPosition"], today["YdPosition"], today["ShortFrozen"]) == (2, 2, 0, 1)
        assert (before["Position"], before["TodayPosition"], before["YdPosition"], before["ShortFrozen"]) == (
            3,
            0,
            3,
            2,
        )
        assert held["m2701", "3", "1"]["TodayPosition"] == 2
        assert sum(each["UseMargin"] for each in held.values()) == pytest.approx(money["CurrMargin"])
        assert sum(each["PositionProfit"] for each in held.values()) == pytest.approx(money["PositionProfit"])
        details = await query(lab, layout, "InvestorPositionDetail", InstrumentID="rb2701")
        assert [each["Volume"] for each in details] == [3, 2]
        orders = await query(lab, layout, "Order", InvestorID="1")
        assert [(each["OrderRef"], each["OrderStatus"]) for each in orders] == [("1", "0"), ("2", "3"), ("3", "3")]
        assert await query(lab, layout, "Order", InstrumentID="m2701") == []
        (trade,) = await query(lab, layout, "Trade", InstrumentID="rb2701")
        assert (trade["Price"], trade["Volume"]) == (ask, 2)
        (margin,) = await query(lab, layout, "InstrumentMarginRate", InstrumentID="rb2701")
        assert margin["LongMarginRatioByMoney"] == 0.12
        (fee,) = await query(lab, layout, "InstrumentCommissionRate", InstrumentID="rb2701")
        assert (fee["InstrumentID"], fee["OpenRatioByMoney"], fee["CloseTodayRatioByMoney"]) == ("rb", 0.0001, 0.0003)


async def test_a_day_ends_in_a_statement_and_yesterdays_positions(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        bid, ask = prices(lab)
        trader.order(price=ask, volume=2)
        trader.order(price=bid - 30, volume=8)
        await trader.hear("a", "0", f"trade 2@{ask:g}", "a", "3")
        for _ in range(7):
            assert lab.terminal.strike("rb2701", "sell", 1, bid - 40) == 1
        lab.terminal.deposit(500)
        lab.clock(start=datetime.fromisoformat("2026-11-20T21:00:00"))
        (position,) = await query(lab, layout, "InvestorPosition")
        assert (position["PositionDate"], position["Position"], position["TodayPosition"]) == ("2", 9, 0)
        assert position["YdPosition"] == 9
        (money,) = await query(lab, layout, "TradingAccount")
        assert money["TradingDay"] == "20261123"
        assert (money["Commission"], money["FrozenMargin"], money["Deposit"]) == (0, 0, 0)
        paid = (2 * ask + 7 * (bid - 30)) * 10
        assert money["PreBalance"] == pytest.approx(1_000_500 + position["PositionCost"] - paid - paid * 0.0001)
        assert await query(lab, layout, "Order") == []
        pieces = await query(lab, layout, "SettlementInfo")
        text = "".join(piece["Content"] for piece in pieces)
        assert len(pieces) > 1
        assert "日期: 20261120" in text
        assert f"客户权益: {money['PreBalance']:.2f}" in text
        assert await query(lab, layout, "SettlementInfo", TradingDay="20261119") == []


async def test_options_on_funds_are_traded_for_cash() -> None:
    layout = Layout(build.ensure(SOPT) / build.LAYOUTS)
    async with running(layout, SOPT) as lab:
        trader = await Trader.ready(lab, layout)
        listed = lab._exchange.listings  # pyright: ignore[reportPrivateUsage]
        symbol = next(each.symbol for each in listed if each.kind is Kind.OPTION)
        bid, ask = prices(lab, symbol)
        trader.order(symbol, price=ask, volume=2)
        trader.order(symbol, Direction="1", CombOffsetFlag="1", OrderPriceType="1")
        trader.order(symbol, price=bid, Direction="1")
        trader.order(listed[0].symbol, price=1.0)  # the fund itself
        await trader.hear(
            "a", "0", f"trade 2@{ask:g}", "a", "0", f"trade 1@{bid:g}", "a", "0", f"trade 1@{bid:g}",
            "OnRspOrderInsert 27", "OnErrRtnOrderInsert 27",
        )  # fmt: skip
        (money,) = await query(lab, layout, "TradingAccount")
        assert money["CashIn"] == pytest.approx((2 * bid - 2 * ask) * 10_000)
        assert money["PositionProfit"] == 0
        assert money["Available"] == pytest.approx(money["Balance"] - money["CurrMargin"])
        held = {each["PosiDirection"]: each for each in await query(lab, layout, "InvestorPosition")}
        assert [(held[way]["Position"], held[way]["UseMargin"] > 0) for way in "23"] == [(1, False), (1, True)]
        (cost,) = await query(lab, layout, "OptionInstrTradeCost", InstrumentID=symbol)
        assert held["3"]["UseMargin"] == pytest.approx(cost["Royalty"] + cost["FixedMargin"])
        (fee,) = await query(lab, layout, "OptionInstrCommRate", InstrumentID=symbol)
        assert money["Commission"] == pytest.approx(4 * fee["OpenRatioByVolume"])


async def test_every_evening_the_settlement_has_to_be_confirmed_anew(layout: Layout) -> None:
    async with running(layout, closed_hours=True, counter_day=True) as lab:
        trader = await Trader.ready(lab, layout)
        _, ask = prices(lab)
        trader.order(price=ask)
        await trader.hear("a", "0", f"trade 1@{ask:g}")
        lab.clock(start=datetime.fromisoformat("2026-11-20T21:05:00"))
        assert await trader.ended()
        late = await Trader(layout).connect(lab.addresses["td"])
        late.subscribe_private(RESUME, 3, "20261120")
        late.log_in()
        assert (await late.answer("OnRspUserLogin"))[1]["TradingDay"] == "20261123"
        late.order(price=ask)
        await late.hear("OnRspOrderInsert 42", "OnErrRtnOrderInsert 42")  # and nothing of yesterday
        confirmed = await Trader.ready(lab, layout)
        confirmed.order(price=prices(lab)[1])
        await confirmed.hear("OnErrRtnOrderInsert 42", "a", "0", f"trade 1@{prices(lab)[1]:g}")
        (record,) = [each for each in lab.terminal.books()["positions"] if each["today"]]
        assert (record["volume"], record["instrument"]) == (1, "rb2701")
        assert sum(each["yesterday"] for each in lab.terminal.books()["positions"]) == 1


async def test_the_counter_refuses_hasty_queries(layout: Layout) -> None:
    async with running(layout) as lab:
        trader = await Trader.ready(lab, layout)
        for _ in range(2):
            trader.ask("ReqQryTradingAccount", "QryTradingAccount")
        number, _ = layout.messages["td"].callback("OnRspQryTradingAccount")
        async with asyncio.timeout(5):
            while len(answers := [each for each in trader.frames if each.message == number]) < 2:
                await trader.read()
        answer, refused = answers
        assert len(answer.data) == layout.dtype("CThostFtdcTradingAccountField").itemsize
        assert int.from_bytes(refused.data[:4], "little") == 90


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_bytes_a_request_holds_it_is_taken_or_refused(layout: Layout, seed: int) -> None:
    dice = random.Random(seed)
    async with running(layout, money=1e12) as lab:
        trader = await Trader.ready(lab, layout)
        bid, _ = prices(lab)
        for number in range(100):
            trader.order(price=bid)
            request = bytearray(
                layout.pack(
                    "CThostFtdcInputOrderField", InstrumentID="rb2701", LimitPrice=bid, VolumeTotalOriginal=1,
                    OrderPriceType="2", Direction="0", CombOffsetFlag="0", OrderRef=str(1000 + number), InvestorID="1",
                    CombHedgeFlag="1", TimeCondition="3", VolumeCondition="1",
                )
            )  # fmt: skip
            for _ in range(dice.randrange(1, 4)):
                request[dice.randrange(len(request))] = dice.randrange(256)
            trader.send("ReqOrderInsert", bytes(request))
            trader.send("ReqOrderAction", dice.randbytes(dice.randrange(400)))
        await trader.silence()
        told = {name for name, *_ in trader.told}
        assert told >= {"OnRtnOrder", "OnRspOrderInsert", "OnRspOrderAction"}
        assert len(lab.terminal.books()["orders"]) >= 1
