"""The synthetic gateway behind vnpy's EventEngine and RPC: `synthetic_rpc REP PUB LEAN PORT THREADS`."""

import sys

from benchmarks.sources.counter import INSTRUMENTS
from benchmarks.sources.rpc_service import RpcService
from benchmarks.sources.synthetic import SyntheticGateway


def main(rep: str, pub: str, lean: str, port: str, threads: str) -> None:
    """Until stdin ends."""
    service = RpcService(rep, pub, lean=lean == "1")
    gateway = SyntheticGateway(service.engine, "SYNTHETIC")
    gateway.connect({"port": port, "threads": threads})
    service.serve(gateway, lambda: len(service.contracts) >= INSTRUMENTS)


if __name__ == "__main__":
    main(*sys.argv[1:])
