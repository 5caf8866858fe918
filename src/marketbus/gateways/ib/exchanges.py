"""IB's exchange codes by the names that vnpy gives exchanges (source: vnpy_ib 10.45, EXCHANGE_VT2IB)."""

from marketbus.domain.instrument import Exchange

_OWN = {
    Exchange.SSE: "SEHKNTL",
    Exchange.SZSE: "SEHKSZSE",
    Exchange.OTC: "PINK",
    Exchange.EUX: "EUREX",
    Exchange.LME: "LMEOTC",
    Exchange.TOCOM: "OSE.JPN",
    Exchange.KRX: "KSE",
    Exchange.GLOBAL: "PAXOS",
}
"""Where IB has a name of its own."""
_NAMED = (
    Exchange.SMART, Exchange.NYSE, Exchange.NASDAQ, Exchange.ARCA, Exchange.EDGEA, Exchange.ISLAND, Exchange.BATS,
    Exchange.IEX, Exchange.AMEX, Exchange.TSE, Exchange.NYMEX, Exchange.COMEX, Exchange.GLOBEX, Exchange.IDEALPRO,
    Exchange.CME, Exchange.ICE, Exchange.SEHK, Exchange.HKFE, Exchange.SGX, Exchange.CBOT, Exchange.CBOE, Exchange.CFE,
    Exchange.IBKRATS,
)  # fmt: skip
_TO_IB = {each: each.value for each in _NAMED} | _OWN
OTHERWISE = {"PAXOS": "ZEROHASH"}
"""Crypto is at one of two houses, by the account's country; vnpy calls where crypto trades GLOBAL."""
_FROM_IB = {code: each for each, code in _TO_IB.items()} | {"ZEROHASH": Exchange.GLOBAL}


def to_ib(exchange: Exchange) -> str | None:
    """IB's code; None where IB has no such exchange."""
    return _TO_IB.get(exchange)


def from_ib(code: str) -> Exchange | None:
    """The exchange of a code; None where vnpy has no name for it."""
    return _FROM_IB.get(code)
