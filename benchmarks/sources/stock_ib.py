"""The stock vnpy_ib gateway on the simulated TWS: `stock_ib REP PUB LEAN PORT NAMES`; NAMES: vt_symbols, commas."""

import sys
from importlib import import_module
from typing import Any

from vnpy.trader.constant import Exchange, Product
from vnpy.trader.object import ContractData

from benchmarks.sources.rpc_service import RpcService


def main(rep: str, pub: str, lean: str, port: str, names: str) -> None:
    """Until stdin ends."""
    service = RpcService(rep, pub, lean=lean == "1")
    vnpy_ib: Any = import_module("vnpy_ib")
    gateway = vnpy_ib.IbGateway(service.engine, "IB")
    gateway.connect({"TWS地址": "127.0.0.1", "TWS端口": int(port), "客户号": 1, "交易账户": ""})
    for name in names.split(","):  # TWS lists nothing by itself
        symbol, _, exchange = name.partition(".")
        service.contracts.append(
            ContractData(
                gateway_name="IB", symbol=symbol, exchange=Exchange(exchange), name="", product=Product.EQUITY, size=1,
                pricetick=0.01,
            )
        )  # fmt: skip
    service.serve(gateway, lambda: bool(gateway.api.data_ready))


if __name__ == "__main__":
    main(*sys.argv[1:])
