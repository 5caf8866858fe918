"""VeighNa without its window: a CTA strategy trades over the bus, vnpy_riskmanager beside it.

    python cta.py rb2701.SHFE [--url nats://127.0.0.1:4222] [--gateway demo]

Run it in a folder of its own: vnpy keeps its settings in `.vntrader` there, and looks for strategies in `strategies`.
"""

import argparse
import sys
import time
from pathlib import Path

Path(".vntrader").mkdir(exist_ok=True)  # before vnpy is imported: else it takes the home folder's

from vnpy.trader.engine import MainEngine  # noqa: E402
from vnpy_ctastrategy import CtaStrategyApp  # noqa: E402
from vnpy_riskmanager import RiskManagerApp  # noqa: E402

from marketbus.client.vnpy_gateway import MarketBusGateway  # noqa: E402

NAME = "one-lot"
PATIENCE = 60.0


def main() -> int:
    """0: the strategy bought and sold its lot."""
    parser = argparse.ArgumentParser()
    parser.add_argument("symbol")
    parser.add_argument("--url", default="")
    parser.add_argument("--gateway", default="")
    chosen = parser.parse_args()
    engine = MainEngine()
    engine.add_gateway(MarketBusGateway, "CTP")  # what was add_gateway(CtpGateway) before
    engine.add_app(RiskManagerApp)
    cta = engine.add_app(CtaStrategyApp)
    cta.init_engine()
    try:
        engine.connect({"总线地址": chosen.url, "接口": chosen.gateway}, "CTP")
        wait("the contract", lambda: engine.get_contract(chosen.symbol))
        wait("the funds", engine.get_all_accounts)
        cta.add_strategy("OneLotStrategy", NAME, chosen.symbol, {})
        cta.init_strategy(NAME).result(PATIENCE)
        cta.start_strategy(NAME)
        strategy = cta.strategies[NAME]
        wait("both trades", lambda: strategy.trades == 2)
        wait("a flat position", lambda: not strategy.pos)
        cta.stop_strategy(NAME)
        for trade in engine.get_all_trades():
            print(f"{trade.vt_symbol} {trade.direction.value}{trade.offset.value} {trade.volume:g}@{trade.price:g}")
        return 0
    finally:
        engine.close()


def wait(what: str, look: object) -> None:
    """Until `look()` gives something."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > deadline:
            raise SystemExit(f"no {what} within {PATIENCE:g} s")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
