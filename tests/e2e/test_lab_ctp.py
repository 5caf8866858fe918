"""The stock vnpy_ctp gateway, in a process of its own, against the simulated counter."""

import asyncio
import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from marketbus.lab.ctp import CTP
from marketbus.lab.ctp_family import CounterLab, LabControl, LabOptions, build

SYMBOLS = ["rb2701", "IF2612", "m2701", "SA701", "sc2701", "si2701"]
START = "2026-11-20T09:30:00+08:00"


class Child:
    """The gateway's process: `events` is what it said, `ask` is a question and its answer."""

    def __init__(self, folder: Path, locale: Path, libraries: Path, addresses: dict[str, Any], resume: int = 0) -> None:
        (folder / ".vntrader").mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(libraries), addresses["td"], addresses["md"], str(resume)],
            cwd=folder,
            env=os.environ | {"TZ": "Asia/Shanghai", "LOCPATH": str(locale), "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.logs: list[str] = []
        self._answers: list[Any] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("@log "):
                self.logs.append(line[5:].strip())
            elif line.startswith("@answer "):
                self._answers.append(json.loads(line[8:]))

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    async def ask(self, command: str) -> Any:
        known = len(self._answers)
        self.tell(command)
        await until(lambda: len(self._answers) > known, f"an answer to {command}")
        return self._answers[-1]

    async def ended(self) -> int:
        await until(lambda: self._process.poll() is not None, "the process to end")
        return self._process.returncode

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(5)


async def until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
def libraries() -> Path:
    return build.ensure(CTP)


@pytest.fixture(scope="session")
def locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    command = ["localedef", "-i", "zh_CN", "-f", "GB18030", str(folder / "zh_CN.GB18030")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
async def lab(libraries: Path) -> AsyncIterator[CounterLab]:
    lab = CounterLab(CTP, LabOptions(instruments=300, rate=200, start=datetime.fromisoformat(START)))
    await lab.start()
    yield lab
    await lab.stop()


@pytest.fixture
def child(lab: CounterLab, tmp_path: Path, locale: Path, libraries: Path) -> Iterator[Child]:
    child = Child(tmp_path, locale, libraries, lab.addresses)
    yield child
    child.stop()


async def ready(child: Child) -> None:
    await until(
        lambda: "合约信息查询成功" in child.logs and "行情服务器登录成功" in child.logs, f"log-in ({child.logs})"
    )


async def test_contracts_and_ticks_arrive(lab: CounterLab, child: Child) -> None:
    await ready(child)
    contracts = await child.ask("contracts")
    assert len(contracts) == 300
    assert contracts["rb2701"] == ["螺纹钢2701", "SHFE", 10, 1.0, "FUTURES"]
    assert contracts["IF2612"][0] == "沪深300股指2612"
    assert {exchange for _, exchange, *_ in contracts.values()} == {"SHFE", "INE", "DCE", "CZCE", "CFFEX", "GFEX"}
    child.tell("subscribe " + " ".join(SYMBOLS))
    await until(lambda: lab.status()["sent"] > 100, "ticks")
    report = await child.ask("ticks")
    assert set(report) == set(SYMBOLS)
    tick = await child.ask("last rb2701")
    assert tick["datetime"].startswith("2026-11-20T09:30:")
    assert tick["limit_down"] <= tick["low"] <= tick["last"] <= tick["high"] <= tick["limit_up"]
    assert tick["bid5"] < tick["bid1"] < tick["ask1"] < tick["ask5"]


async def test_burst_arrives_complete(lab: CounterLab, child: Child) -> None:
    await ready(child)
    lab.rate(0)
    child.tell("subscribe " + " ".join(SYMBOLS))
    await until(lambda: lab.status()["subscribed"] == len(SYMBOLS), "subscriptions")
    assert (await lab.burst(50_000))["sent"] == 50_000
    sent = lab.oracle()
    assert sum(each["count"] for each in sent.values()) == 50_000

    async def missing() -> int:
        got = await child.ask("ticks")
        return sum(len(set(range(each["first"], each["last"] + 1)) - set(got[name])) for name, each in sent.items())

    deadline = time.monotonic() + 30
    while await missing():
        assert time.monotonic() < deadline, f"{await missing()} ticks lost"
        await asyncio.sleep(0.1)


async def test_dropped_fronts_reconnect_and_log_in_again(lab: CounterLab, child: Child) -> None:
    await ready(child)
    child.tell("subscribe rb2701")
    await until(lambda: lab.status()["subscribed"] == 1, "the subscription")
    assert lab.drop() == 2
    await until(lambda: lab.status()["subscribed"] == 1 and lab.status()["logins"] == 4, "log-in after the drop")
    await until(lambda: child.logs.count("行情服务器登录成功") == 2, "the log")
    assert "行情服务器连接断开，原因4097" in child.logs
    before = lab.status()["sent"]
    await until(lambda: lab.status()["sent"] > before + 10, "ticks after the drop")


async def test_rejected_login_tells_the_counters_words(lab: CounterLab, child: Child) -> None:
    lab.reject_login(75)
    await until(lambda: any("代码：75" in log for log in child.logs), "the refusal")
    assert any("CTP:连续登录失败次数超限,登录被禁止" in log for log in child.logs)


async def test_malformed_ticks_reach_the_sdk(lab: CounterLab, child: Child) -> None:
    await ready(child)
    lab.rate(0)
    child.tell("subscribe rb2701")
    await until(lambda: lab.status()["subscribed"] == 1, "the subscription")
    lab.malformed("rb2701", {"Volume": 123456, "LastPrice": "DBL_MAX"})
    lab.malformed("rb2701", {"UpdateTime": "24:00:00", "ActionDay": {"hex": "ff" * 9}, "InstrumentID": "x" * 81})
    await lab.burst(1)
    last = lab.oracle()["rb2701"]["last"]

    deadline = time.monotonic() + 30
    while (got := await child.ask("ticks"))["rb2701"][-1] != last:
        assert time.monotonic() < deadline, "the good tick after the bad ones"
    assert 123456 in got["rb2701"]


async def test_crash_kills_the_sdk_process(lab: CounterLab, child: Child) -> None:
    await ready(child)
    assert lab.crash() == 1
    assert await child.ended() == -11


async def test_hung_callback_thread_goes_silent(lab: CounterLab, child: Child) -> None:
    await ready(child)
    child.tell("subscribe rb2701")
    await until(lambda: lab.status()["subscribed"] == 1, "the subscription")
    assert lab.hang() == 1
    sent = lab.status()["sent"]
    await until(lambda: lab.status()["sent"] > sent + 100, "ticks into the void")
    got = await child.ask("ticks")
    assert lab.oracle()["rb2701"]["last"] not in got.get("rb2701", [])


async def test_refused_and_mute_fronts(lab: CounterLab, child: Child) -> None:
    await ready(child)
    lab.mute(front="md")
    await lab.refuse(front="td")
    lab.drop()
    # Both disconnect; market data connects to a front that says nothing, trading to none at all.
    await until(lambda: child.logs.count("行情服务器连接成功") == 2, "the mute front's connection")
    assert child.logs.count("行情服务器登录成功") == 1
    assert child.logs.count("交易服务器连接成功") == 1
    lab.mute(on=False)
    await lab.refuse(on=False)
    lab.drop("md")
    await until(lambda: lab.status()["logins"] == 4, "both logins")


async def test_the_stock_gateway_trades(lab: CounterLab, child: Child) -> None:
    await ready(child)
    lab.rate(0)

    async def order(number: int, *want: str) -> None:
        """Waits until the stock gateway has told those statuses of its order of that number, and no others."""
        told: list[str] = []
        deadline = time.monotonic() + 10
        while len(told := (await child.ask("orders")).get(str(number), [])) < len(want):
            assert time.monotonic() < deadline, (number, told, child.logs)
        assert tuple(told) == want

    bid, ask = prices(lab, "rb2701")
    child.tell(f"send rb2701 LONG OPEN LIMIT 2 {ask}")
    await order(1, "SUBMITTING", "SUBMITTING", "ALLTRADED")
    child.tell(f"send rb2701 LONG OPEN LIMIT 1 {bid - 50}")
    await order(2, "SUBMITTING", "SUBMITTING", "NOTTRADED")
    child.tell("cancel rb2701 2")
    await order(2, "SUBMITTING", "SUBMITTING", "NOTTRADED", "CANCELLED")
    child.tell(f"send rb2701 SHORT CLOSEYESTERDAY LIMIT 1 {bid}")
    await order(3, "SUBMITTING", "REJECTED")
    assert "交易委托失败，代码：51，信息：CTP:平昨仓位不足" in child.logs
    child.tell(f"send rb2701 LONG OPEN LIMIT 1 {ask * 2}")
    await order(4, "SUBMITTING", "SUBMITTING", "REJECTED")
    assert any("已撤单报单被拒绝SHFE:价格超出涨停板" in log for log in child.logs)
    _, dear = prices(lab, "m2701")
    child.tell(f"send m2701 LONG OPEN FOK 500 {dear - 100}")
    await order(5, "SUBMITTING", "REJECTED")  # not enough money, whatever its kind
    child.tell(f"send m2701 LONG OPEN FAK 1 {dear}")
    await order(6, "SUBMITTING", "SUBMITTING", "ALLTRADED")
    child.tell("send m2701 SHORT CLOSE MARKET 1 0")
    await order(7, "SUBMITTING", "SUBMITTING", "ALLTRADED")
    child.tell("cancel m2701 7")
    await until(lambda: "交易撤单失败，代码：26，信息：CTP:报单已全成交或已撤销，不能再撤" in child.logs, "the refusal")

    books = lab.terminal.books()
    told = await child.ask("trades")
    assert [(each["trade_id"], each["volume"], each["price"]) for each in books["trades"]] == [
        (number.strip(), volume, price) for number, volume, price in told
    ]
    money = await child.ask("account")
    assert money["balance"] == pytest.approx(books["account"]["balance"])
    assert money["available"] == pytest.approx(books["account"]["available"])
    (position,) = await child.ask("positions")
    assert position == ["rb2701", "LONG", 2, 0, pytest.approx(ask), pytest.approx(books["account"]["position_profit"])]
    # The second is one too many: while the first is under way, or within the second of it once that was answered.
    assert await child.ask("hurry") in ([0, -2], [0, -3])

    lab.drop("td")
    replayed = ("SUBMITTING", "ALLTRADED")
    await order(1, "SUBMITTING", "SUBMITTING", "ALLTRADED", *replayed)
    assert len(await child.ask("trades")) == 2 * len(books["trades"])


async def test_a_new_process_hears_what_the_one_that_died_did_not(
    lab: CounterLab, tmp_path: Path, locale: Path, libraries: Path
) -> None:
    first = Child(tmp_path, locale, libraries, lab.addresses, resume=1)
    await ready(first)
    _, ask = prices(lab, "rb2701")
    first.tell(f"send rb2701 LONG OPEN LIMIT 1 {ask}")
    deadline = time.monotonic() + 10
    while not await first.ask("trades"):
        assert time.monotonic() < deadline
    lab.terminal.fault("ReqOrderInsert", "crash")
    first.tell(f"send rb2701 LONG OPEN LIMIT 2 {ask}")
    assert await first.ended() == -11
    first.stop()
    lab.terminal.order("rb2701", "buy", 3, ask)
    second = Child(tmp_path, locale, libraries, lab.addresses, resume=1)
    try:
        await ready(second)
        assert [volume for _, volume, _ in await second.ask("trades")] == [2, 3]
    finally:
        second.stop()


def prices(lab: CounterLab, symbol: str) -> tuple[float, float]:
    """Best bid and ask."""
    depth = lab.terminal._venue.depth(symbol)  # pyright: ignore[reportPrivateUsage]
    return float(depth.bids[0][0]), float(depth.asks[0][0])


def test_addresses_off_this_machine_are_refused(tmp_path: Path, locale: Path, libraries: Path) -> None:
    (tmp_path / ".vntrader").mkdir()
    done = subprocess.run(
        [sys.executable, __file__, str(libraries), "tcp://192.0.2.1:41205", "192.0.2.1:41213"],
        cwd=tmp_path,
        env=os.environ | {"TZ": "Asia/Shanghai", "LOCPATH": str(locale)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert "refused front tcp://192.0.2.1:41205" in done.stderr
    assert "refused front tcp://192.0.2.1:41213" in done.stderr


async def test_control_port_speaks_for_the_lab(lab: CounterLab, child: Child) -> None:
    await ready(child)

    def talk() -> dict[str, Any]:
        with LabControl.at(lab.addresses["control"]) as control:
            control.pause()
            control.clock(step=60)
            control.refuse(front="td")
            return control.status()

    status = await asyncio.to_thread(talk)
    assert status["paused"]
    assert status["now"].startswith("2026-11-20T09:31:")
    assert not status["fronts"]["td"]["listening"]
    assert status["fronts"]["md"]["sessions"] == 1
    clock = await child.ask("clock")
    assert clock["rate"] == 1.0
    assert abs(clock["market_ns"] - clock["real_ns"]) > 60 * 10**9


def run_gateway(libraries: str, td: str, md: str, resume: str = "0") -> None:
    """What runs in the child."""
    import ctypes

    loaded = [ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL) for path in sorted(Path(libraries).glob("*.so"))]

    from vnpy.trader.constant import Direction, Exchange, Offset, OrderType
    from vnpy.trader.object import (
        AccountData,
        CancelRequest,
        ContractData,
        LogData,
        OrderData,
        OrderRequest,
        PositionData,
        SubscribeRequest,
        TickData,
        TradeData,
    )

    # Carries no types.
    stock: Any = importlib.import_module("vnpy_ctp").CtpGateway
    trader_api: Any = importlib.import_module("vnpy_ctp.api").TdApi

    class Engine:
        def put(self, event: object) -> None: ...

        def register(self, kind: str, handler: object) -> None: ...

    volumes: dict[str, list[int]] = {}
    ticks: dict[str, TickData] = {}
    contracts: dict[str, ContractData] = {}
    orders: dict[str, list[str]] = {}
    trades: list[tuple[str, float, float]] = []
    accounts: list[AccountData] = []
    positions: dict[str, PositionData] = {}

    class Gateway(stock):
        def on_order(self, order: OrderData) -> None:
            orders.setdefault(order.orderid.split("_")[-1], []).append(order.status.name)

        def on_trade(self, trade: TradeData) -> None:
            trades.append((trade.tradeid, trade.volume, trade.price))

        def on_account(self, account: AccountData) -> None:
            accounts.append(account)

        def on_position(self, position: PositionData) -> None:
            positions[position.vt_positionid] = position

        def on_tick(self, tick: TickData) -> None:
            volumes.setdefault(tick.symbol, []).append(int(tick.volume))
            ticks[tick.symbol] = tick

        def on_contract(self, contract: ContractData) -> None:
            contracts[contract.symbol] = contract

        def on_log(self, log: LogData) -> None:
            say("@log " + log.msg)

    def say(text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def answer(value: Any) -> None:
        say("@answer " + json.dumps(value, ensure_ascii=False))

    def asked(query: Any, answered: Any) -> None:
        """A query of the gateway's, again until flow control lets it through and it is answered."""
        while not answered:
            query()
            time.sleep(0.2)

    gateway = Gateway(Engine(), "CTP")
    subscribe = trader_api.subscribePrivateTopic

    def subscribe_as_told(_: int) -> None:
        subscribe(gateway.td_api, int(resume))

    gateway.td_api.subscribePrivateTopic = subscribe_as_told
    gateway.connect(
        {
            "用户名": "000001",
            "密码": "secret",
            "经纪商代码": "9999",
            "交易服务器": td,
            "行情服务器": md,
            "产品名称": "app",
            "授权编码": "0000000000000000",
            "柜台环境": "测试",
        }
    )
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "subscribe":
            for symbol in arguments:
                gateway.subscribe(SubscribeRequest(symbol, Exchange(contracts[symbol].exchange)))
        elif command == "send":
            symbol, direction, offset, kind, volume, price = arguments
            exchange = Exchange(contracts[symbol].exchange)
            request = OrderRequest(
                symbol, exchange, Direction[direction], OrderType[kind], float(volume), float(price), Offset[offset]
            )
            gateway.send_order(request)
        elif command == "cancel":
            symbol, number = arguments
            orderid = f"{gateway.td_api.frontid}_{gateway.td_api.sessionid}_{number}"
            gateway.cancel_order(CancelRequest(orderid, symbol, Exchange(contracts[symbol].exchange)))
        elif command == "orders":
            answer(orders)
        elif command == "trades":
            answer(trades)
        elif command == "account":
            asked(gateway.query_account, accounts)
            answer({"balance": accounts[-1].balance, "available": accounts[-1].available})
        elif command == "positions":
            asked(gateway.query_position, positions)
            answer(
                [
                    [p.symbol, p.direction.name, p.volume, p.frozen, p.price, p.pnl]
                    for p in positions.values()
                    if p.volume
                ]
            )
        elif command == "hurry":
            time.sleep(1.2)  # the last query's second
            answer([gateway.td_api.reqQryTradingAccount({}, 1000 + n) for n in range(2)])
        elif command == "ticks":
            answer({symbol: list(seen) for symbol, seen in volumes.items()})
        elif command == "contracts":
            answer(
                {c.symbol: [c.name, c.exchange.value, c.size, c.pricetick, c.product.name] for c in contracts.values()}
            )
        elif command == "last":
            t = ticks[arguments[0]]
            answer(
                {
                    "datetime": t.datetime.isoformat(),
                    "last": t.last_price,
                    "high": t.high_price,
                    "low": t.low_price,
                    "limit_up": t.limit_up,
                    "limit_down": t.limit_down,
                    "bid1": t.bid_price_1,
                    "ask1": t.ask_price_1,
                    "bid5": t.bid_price_5,
                    "ask5": t.ask_price_5,
                }
            )
        elif command == "clock":
            real, market, rate = ctypes.c_longlong(), ctypes.c_longlong(), ctypes.c_double()
            known = loaded[0].marketbus_lab_clock(ctypes.byref(real), ctypes.byref(market), ctypes.byref(rate))
            assert known == 1
            answer({"real_ns": real.value, "market_ns": market.value, "rate": rate.value})
    os._exit(0)


if __name__ == "__main__":
    run_gateway(*sys.argv[1:])
