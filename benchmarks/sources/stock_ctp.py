"""The stock vnpy_ctp gateway on the simulated library: `stock_ctp REP PUB LEAN LIBRARIES MD TD COUNT`."""

import ctypes
import sys
from pathlib import Path

from benchmarks.sources.rpc_service import RpcService

LIBRARIES = ("libthostmduserapi_se.so", "libthosttraderapi_se.so")


def main(rep: str, pub: str, lean: str, libraries: str, md: str, td: str, count: str) -> None:
    """Until stdin ends."""
    for name in LIBRARIES:  # before vnpy_ctp: its modules then bind to these
        ctypes.CDLL(str(Path(libraries) / name), mode=ctypes.RTLD_GLOBAL)
    from vnpy_ctp.gateway.ctp_gateway import CtpGateway

    service = RpcService(rep, pub, lean=lean == "1")
    gateway = CtpGateway(service.engine, "CTP")
    gateway.connect(
        {
            "用户名": "bench",
            "密码": "bench",
            "经纪商代码": "9999",
            "交易服务器": td,
            "行情服务器": md,
            "产品名称": "bench",
            "授权编码": "0000000000000000",
            "柜台环境": "测试",
        }
    )
    wanted = int(count)
    service.serve(
        gateway, lambda: bool(getattr(gateway.md_api, "login_status", False)) and len(service.contracts) >= wanted
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
