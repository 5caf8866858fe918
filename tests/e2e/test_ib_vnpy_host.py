"""The stock vnpy_ib gateway, unmodified, under the generic vnpy host, against the simulated TWS."""

import asyncio
import signal

from tests.system import Recorder, System, eventually
from tests.system.tws import Tws


async def test_the_stock_ib_gateway_runs_hosted(system: System) -> None:
    tws = Tws()
    section = {
        "kind": "vnpy",
        "class": "vnpy_ib:IbGateway",
        "subscribe": ["AAPL-USD-STK.SMART", "ES-20261218-USD-FUT.CME"],
        "setting": {"TWS地址": tws.host, "TWS端口": tws.port, "客户号": 4, "交易账户": ""},
    }
    try:
        # vnpy_ib notes down which contract it has asked for after it has asked; TWS takes longer than that to answer.
        tws.control.delay(20)
        worker = system.start(system.config(stock=section), "stock")
        async with system.connect() as bus:
            status = await system.until(bus, lambda s: s.contracts == 2, "contracts", "stock")
            assert status.kind == "vnpy"
            contract = await bus.contract("ES-20261218-USD-FUT.CME")
            assert (contract.name, contract.size, contract.pricetick) == ("E-mini S&P 500", 50, 0.25)
            seen = Recorder()
            async with await seen.follow(bus, "AAPL-USD-STK.SMART"):
                told = await asyncio.to_thread(tws.control.step, "AAPL", 50)
                await eventually(lambda: any(tick.volume == told["volume"] for tick in seen.live), "the last tick")
            last = next(tick for tick in reversed(seen.live) if tick.volume == told["volume"])
            assert last.last_price == told["last"]
            worker.send(signal.SIGTERM)
            assert worker.wait(10) == 0
        assert tws.control.status()["bad_requests"] == []
    finally:
        tws.stop()
