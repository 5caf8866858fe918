"""The stock vnpy_ctp gateway on the simulated library: `stock_ctp REP PUB LEAN LIBRARIES SETTING COUNT`."""

import ctypes
import json
import sys
from pathlib import Path

from benchmarks.sources.rpc_service import RpcService

LIBRARIES = ("libthostmduserapi_se.so", "libthosttraderapi_se.so")


def main(rep: str, pub: str, lean: str, libraries: str, setting: str, count: str) -> None:
    """Until stdin ends. `setting`: vnpy's, in JSON; ready with so many contracts."""
    for name in LIBRARIES:  # before vnpy_ctp: its modules then bind to these
        ctypes.CDLL(str(Path(libraries) / name), mode=ctypes.RTLD_GLOBAL)
    from vnpy_ctp.gateway.ctp_gateway import CtpGateway

    service = RpcService(rep, pub, lean=lean == "1")
    gateway = CtpGateway(service.engine, "CTP")
    gateway.connect(json.loads(setting))
    wanted = int(count)
    service.serve(
        gateway, lambda: bool(getattr(gateway.md_api, "login_status", False)) and len(service.contracts) >= wanted
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
