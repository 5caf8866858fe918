"""Requests about contracts: details, option chains, symbols."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from marketbus.lab.tws import versions
from marketbus.lab.tws.catalogue import Catalogue
from marketbus.lab.tws.contract import Contract, Query, read_query
from marketbus.lab.tws.frame import Fields
from marketbus.lab.tws.messages import contracts
from marketbus.lab.tws.requests import Handlers
from marketbus.lab.tws.session import Session

UNKNOWN = "No security definition has been found for the request"
_DAYS = 6


class Unresolved(Exception):
    """No contract, or more than one, may be meant; the text is what TWS says."""


def resolve(catalogue: Catalogue, query: Query) -> Contract:
    """The one contract that is meant; raises Unresolved."""
    found = catalogue.find(query)
    if not found:
        raise Unresolved(UNKNOWN)
    if len(found) > 1:
        raise Unresolved(f"The contract description specified for {query.symbol} is ambiguous.")
    return found[0]


class ContractDesk:
    """`now`: the market's time."""

    def __init__(self, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._now = now

    def handlers(self) -> Handlers:
        """By message id."""
        return {
            9: ("reqContractDetails", self._details),
            78: ("reqSecDefOptParams", self._chain),
            81: ("reqMatchingSymbols", self._search),
            91: ("reqMarketRule", self._rule),
        }

    def _details(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request, query = fields.integer(), read_query(fields)
        fields.flag()
        fields.texts(2)  # secIdType, secId
        if session.version >= versions.ISSUER_ID:
            fields.text()
        fields.end()
        if not query.con_id and not query.sec_type:
            words = "Error validating request.-'bD' : cause - Please enter a valid security type"
            session.error(request, 321, words)
            return
        found = self._catalogue.find(query)
        if not found:
            session.error(request, 200, UNKNOWN)
            return
        for contract in found:
            hours = self._hours(contract)
            exchange = query.exchange or contract.exchange
            session.send(contracts.contract_details(session.version, request, contract, exchange, hours))
        session.send(contracts.contract_details_end(request))

    def _chain(self, session: Session, fields: Fields) -> None:
        request, symbol, exchange = fields.integer(), fields.text(), fields.text()
        sec_type, con_id = fields.text(), fields.integer()
        fields.end()
        under = self._catalogue.by_id.get(con_id)
        if under is None or (symbol, sec_type) != (under.symbol, under.sec_type):
            session.error(request, 200, UNKNOWN)
            return
        chain = self._catalogue.options_on(con_id)
        for each in sorted({place for option in chain for place in option.exchanges}):
            if exchange in {"", each}:
                expiries = sorted({option.expiry for option in chain})
                strikes = sorted({option.strike for option in chain})
                session.send(contracts.option_chain(request, each, con_id, under.symbol, expiries, strikes))
        session.send(contracts.option_chain_end(request))

    def _search(self, session: Session, fields: Fields) -> None:
        request, pattern = fields.integer(), fields.text()
        fields.end()
        found = [(each, self._catalogue.derivatives(each)) for each in self._catalogue.search(pattern)]
        session.send(contracts.matching_symbols(session.version, request, found))

    def _rule(self, session: Session, fields: Fields) -> None:
        rule = fields.integer()
        fields.end()
        tick = next((each.tick for each in self._catalogue.contracts if contracts.rule_of(each) == rule), None)
        if tick is None:
            session.error(-1, 321, f"Error validating request.-'bR' : cause - Invalid market rule id {rule}")
            return
        session.send(contracts.market_rule(rule, tick))

    def _hours(self, contract: Contract) -> str:
        """Sessions from today on, in the exchange's time: begin-end, each with its date; or that it is closed."""
        opens, _, closes = contract.hours.partition("-")
        today = self._now().astimezone(ZoneInfo(contract.time_zone)).date()
        sessions: list[str] = []
        for day in (today + timedelta(days=n) for n in range(_DAYS)):
            over_night = opens >= closes
            begin = day - timedelta(days=1) if over_night else day
            if day.weekday() > 4 and contract.sec_type != "CRYPTO":
                sessions.append(f"{day:%Y%m%d}:CLOSED")
            else:
                sessions.append(f"{begin:%Y%m%d}:{opens}-{day:%Y%m%d}:{closes}")
        return ";".join(sessions)
