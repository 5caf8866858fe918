"""Contract details, option chains, symbols that match."""

from decimal import Decimal

from marketbus.lab.tws import versions
from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.frame import Field
from marketbus.lab.tws.messages.message import Message, message

_ORDER_TYPES = "ACTIVETIM,AD,ADJUST,ALERT,ALLOC,COND,DAY,DEACT,GTC,GTD,IOC,LMT,MKT,OCA,STP,STPLMT,WHATIF"


_RULES = {Decimal("0.01"): 26, Decimal("0.25"): 67, Decimal("0.00005"): 59}


def rule_of(contract: Contract) -> int:
    """Its market rule, by the price tick."""
    return _RULES[contract.tick]


def contract_details(version: int, request: int, contract: Contract, exchange: str, hours: str) -> Message:
    """`exchange`: that it was asked with, or its own; `hours`: sessions of the next days."""
    c = contract
    fields: list[Field] = [10] if version >= versions.SIZE_RULES else [10, 8]
    last_trade = f"{c.expiry}-16:00-{c.time_zone}" if c.expiry else ""
    fields += [request, c.symbol, c.sec_type, last_trade]
    if version >= versions.LAST_TRADE_DATE:
        fields.append(c.expiry)
    fields += [c.strike or "0", c.right, exchange, c.currency, c.local_symbol]
    fields += [c.market_name, c.trading_class, c.con_id, c.tick]
    if version < versions.SIZE_RULES:
        fields.append(1)  # mdSizeMultiplier
    fields += [c.multiplier, _ORDER_TYPES, ",".join(c.exchanges), 1, c.under_con_id, c.long_name, c.primary, c.month]
    industry = ("Technology", "Computers", "Computers") if c.sec_type == "STK" else ("", "", "")
    fields += [*industry, c.time_zone, hours, hours]
    fields += ["", 0, 0]  # evRule, evMultiplier, number of secIds
    fields += [
        1,
        c.under_symbol,
        c.under_sec_type,
        ",".join(str(rule_of(c)) for _ in c.exchanges),
        c.expiry,
        c.stock_type,
    ]
    if versions.SIZE_INCREMENT <= version < versions.SIZE_RULES:
        fields.append(c.size_increment)
    if version >= versions.SIZE_RULES:
        fields += [c.min_size, c.size_increment, c.suggested_size]
    if version >= versions.INELIGIBILITY:
        fields.append(0)
    return message("contractDetails", *fields)


def contract_details_end(request: int) -> Message:
    """No more of them."""
    return message("contractDetailsEnd", 52, 1, request)


def option_chain(
    request: int, exchange: str, under_con_id: int, trading_class: str, expiries: list[str], strikes: list[Decimal]
) -> Message:
    """What is listed on an underlying at one exchange."""
    return message(
        "securityDefinitionOptionParameter", 75, request, exchange, under_con_id, trading_class, "100",
        len(expiries), *expiries, len(strikes), *strikes,
    )  # fmt: skip


def option_chain_end(request: int) -> Message:
    """No more exchanges."""
    return message("securityDefinitionOptionParameterEnd", 76, request)


def matching_symbols(version: int, request: int, found: list[tuple[Contract, list[str]]]) -> Message:
    """Contracts, each with the types listed on it."""
    fields: list[Field] = [79, request, len(found)]
    for contract, derivatives in found:
        primary = contract.primary or contract.exchange
        fields += [contract.con_id, contract.symbol, contract.sec_type, primary, contract.currency]
        fields += [len(derivatives), *derivatives]
        if version >= versions.ISSUER_ID:
            fields += [contract.long_name, ""]
    return message("symbolSamples", *fields)


def market_rule(rule: int, tick: Decimal) -> Message:
    """One price increment over all prices."""
    return message("marketRule", 93, rule, 1, 0, tick)


def reroute(request: int, con_id: int, exchange: str, *, depth: bool) -> Message:
    """Market data, or depth, of the contract asked for come from another one."""
    name = "rerouteMktDepthReq" if depth else "rerouteMktDataReq"
    return message(name, 92 if depth else 91, request, con_id, exchange)
