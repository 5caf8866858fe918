"""The encoder and the decoder of ib_async, watched: what it has not read when it is done with a message."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownLambdaType=false

import logging
import sys
from types import FrameType
from typing import Any

from ib_async import ExecutionFilter, LimitOrder, Stock
from ib_async.client import Client
from ib_async.decoder import Decoder

# These unpack what is left into names, exactly: a field more or less raises.
_EXACT = frozenset({"tickByTick", "tickOptionComputation", "securityDefinitionOptionParameter"})


class _Deaf:
    """A wrapper with every method, that does nothing."""

    class ib:  # noqa: N801 - what the decoder asks its wrapper for
        TimezoneTWS = None

    defaultTimezone = None  # noqa: N815 - the same

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(record.getMessage())


def requests(version: int) -> bytes:
    """Every request of it that the lab plays, as of a server version."""
    client = Client(_Deaf())
    client.MaxRequests = 0
    client.connState = Client.CONNECTED
    client._serverVersion = version  # pyright: ignore[reportPrivateUsage]
    written: list[bytes] = []
    client.conn.sendMsg = written.append  # pyright: ignore[reportAttributeAccessIssue]
    stock = Stock("AAPL", "SMART", "USD")
    client.reqContractDetails(1, stock)
    client.reqSecDefOptParams(2, "AAPL", "", "STK", 265598)
    client.reqMatchingSymbols(3, "AA")
    client.reqMarketRule(26)
    client.reqMarketDataType(3)
    client.reqMktData(4, stock, "233", False, False, [])
    client.cancelMktData(4)
    client.reqMktDepthExchanges()
    client.reqMktDepth(5, stock, 5, True, [])
    client.cancelMktDepth(5, True)
    client.reqTickByTickData(6, stock, "Last", 0, False)
    client.cancelTickByTickData(6)
    client.reqHistoricalData(7, stock, "", "1 D", "1 min", "TRADES", False, 1, True, [])
    client.cancelHistoricalData(7)
    client.reqHistoricalTicks(8, stock, "", "20261119-15:00:00", 5, "TRADES", True, False, [])
    client.reqHeadTimeStamp(9, stock, "TRADES", True, 1)
    client.cancelHeadTimeStamp(9)
    client.reqPositions()
    client.cancelPositions()
    client.reqPositionsMulti(10, "", "")
    client.cancelPositionsMulti(10)
    client.reqAccountUpdates(True, "")
    client.reqAccountUpdatesMulti(11, "", "", False)
    client.cancelAccountUpdatesMulti(11)
    client.reqAccountSummary(12, "All", "NetLiquidation")
    client.cancelAccountSummary(12)
    client.reqPnL(13, "DU1234567", "")
    client.cancelPnL(13)
    client.reqPnLSingle(14, "DU1234567", "", 265598)
    client.cancelPnLSingle(14)
    client.reqIds(1)
    client.reqManagedAccts()
    client.placeOrder(1, stock, LimitOrder("BUY", 1, 200.0))
    client.cancelOrder(1)
    client.reqGlobalCancel()
    client.reqOpenOrders()
    client.reqAllOpenOrders()
    client.reqAutoOpenOrders(False)
    client.reqCompletedOrders(True)
    client.reqExecutions(15, ExecutionFilter())
    return b"".join(written)


def judge(body: bytes, version: int) -> str:
    """Decodes one message; what is wrong with its fields, or nothing."""
    fields = body.decode().split("\0")[:-1]
    decoder = Decoder(_Deaf(), version)  # pyright: ignore[reportArgumentType]
    handler = decoder.handlers[int(fields[0])]
    left: list[int] = []

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code.co_filename.endswith("ib_async/decoder.py"):
            left.extend(_left(frame, fields))

    complaints = _Complaints()
    decoder.logger.addHandler(complaints)
    sys.setprofile(watch)
    try:
        handler(fields)
    except (TypeError, ValueError, AttributeError, StopIteration) as error:
        return f"message {fields[0]}: {type(error).__name__} {error}"
    finally:
        sys.setprofile(None)
        decoder.logger.removeHandler(complaints)
    if complaints.words:
        return f"message {fields[0]}: {complaints.words}"
    return f"message {fields[0]}: {sum(left)} fields left" if sum(left) else ""


def _left(frame: FrameType, given: list[str]) -> list[int]:
    """How many fields one function of the decoder did not read."""
    names, function = frame.f_locals, frame.f_code.co_name
    if function == "handler":
        return [len(given) - names["skip"] - len(names["types"])]
    if "get" in names:
        return [names["get"].__self__.__length_hint__()]
    rest = names.get("fields")
    if rest is None or rest is given or function in _EXACT:
        return []
    return [len(rest)]
