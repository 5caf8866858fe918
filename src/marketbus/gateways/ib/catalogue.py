"""The contracts that were asked for: TWS lists none by itself, and gives details of what it is asked about."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from ib_async.contract import Contract as IbContract
from ib_async.contract import ContractDescription, ContractDetails

from marketbus.domain.contract import Contract
from marketbus.domain.errors import GatewayError
from marketbus.domain.instrument import Instrument, Pattern
from marketbus.gateways.ib.contracts import named, requested, to_domain
from marketbus.gateways.ib.exchanges import OTHERWISE, from_ib, to_ib
from marketbus.gateways.ib.hours import NEW_YORK, Hours
from marketbus.gateways.ib.notices import NO_CONTRACT
from marketbus.gateways.ib.requests import RequestRefused
from marketbus.gateways.ib.symbols import Query, query_of, symbol_of
from marketbus.ports.clock import Clock
from marketbus.ports.gateway import Found, Unlisted

FORGET = 60.0
"""Seconds after which a name that nobody knew is asked for again."""
MANY = 5
"""Candidates named."""
_ROUTED = frozenset({"STK", "OPT", "CFD", "WAR", "BOND", "FUND"})
"""Kinds that IB routes by itself."""
_UNNAMED = Hours(NEW_YORK, "")


class Asker(Protocol):
    """What a connection answers about contracts. Raises GatewayError: refused, or not answered."""

    async def details(self, contract: IbContract) -> Sequence[ContractDetails]:
        """Every contract that fits."""
        ...

    async def matching(self, text: str) -> Sequence[ContractDescription]:
        """Stocks whose symbol or name is like it."""
        ...


class Entry(NamedTuple):
    """One contract that can be traded or subscribed to."""

    contract: Contract
    request: IbContract
    """As a request names it: by its number, on one exchange."""
    hours: Hours

    @property
    def line(self) -> tuple[int, str]:
        """What takes one market data line, whatever names it has."""
        return self.request.conId, self.request.exchange


class Catalogue:
    """Contracts by name. Lives on the loop; `cached`: as they were listed in an earlier life."""

    def __init__(self, gateway: str, clock: Clock, cached: Iterable[Contract]) -> None:
        self._gateway = gateway
        self._clock = clock
        self._entries: dict[Instrument, Entry] = {}
        self._canonical: dict[int, Instrument] = {}
        self._unknown: dict[str, tuple[float, Unlisted]] = {}
        for contract in cached:
            self._remember(contract)

    def get(self, instrument: Instrument) -> Entry | None:
        """What is known under a name."""
        return self._entries.get(instrument)

    def canonical(self, con_id: int) -> Entry | None:
        """What is known of a number, under its canonical name."""
        name = self._canonical.get(con_id)
        return None if name is None else self._entries.get(name)

    async def look_up(self, patterns: Sequence[Pattern], asker: Asker) -> Found:
        """Ask for what the patterns name; see ports.gateway.ListsOnRequest."""
        contracts: dict[Instrument, Contract] = {}
        unlisted: list[Unlisted] = []
        answers = await asyncio.gather(*(self._one(each, asker) for each in patterns), return_exceptions=True)
        for found in answers:
            if isinstance(found, BaseException):
                raise found
            if isinstance(found, Unlisted):
                unlisted.append(found)
            else:
                contracts.update((each.instrument, each) for each in found)
        return Found(tuple(contracts.values()), tuple(unlisted))

    async def by_number(self, contract: IbContract, asker: Asker) -> Entry | None:
        """What a position or a foreign order names; None where IB does not say more of it."""
        known = self.canonical(contract.conId)
        if known is not None:
            return known
        try:
            details = await asker.details(IbContract(conId=contract.conId, exchange=contract.exchange or "SMART"))
        except RequestRefused:
            try:
                details = await asker.details(IbContract(conId=contract.conId))
            except RequestRefused:
                return None
        self._list(details, None)
        return self.canonical(contract.conId)

    async def _one(self, pattern: Pattern, asker: Asker) -> Sequence[Contract] | Unlisted:
        query = query_of(pattern)
        if query is None:
            return Unlisted(pattern, (), "not a symbol that Interactive Brokers can be asked for")
        kept = self._unknown.get(pattern.text)
        now = self._clock.monotonic()
        if kept is not None and now - kept[0] < FORGET:
            return kept[1]
        try:
            details = await _details(query, asker)
        except RequestRefused as error:
            if error.error_id != NO_CONTRACT:
                return Unlisted(pattern, (), str(error))
            unknown = Unlisted(pattern, await _candidates(query, asker), str(error))
            self._unknown[pattern.text] = (now, unknown)
            return unknown
        if pattern.instrument is not None:
            return self._named(pattern, pattern.instrument, details)
        return [each for each in self._list(details, query.exchange) if pattern.matches(each.instrument)]

    def _named(
        self, pattern: Pattern, instrument: Instrument, details: Sequence[ContractDetails]
    ) -> Sequence[Contract] | Unlisted:
        if len(details) != 1:
            names = [_number_name(each, instrument) for each in details]
            named_ = [self._name(each, details) for each in details]
            if len(set(named_)) == len(details):
                names = [f"{symbol}.{instrument.exchange}" for symbol in named_]
            return Unlisted(pattern, tuple(names[:MANY]), f"{len(details)} contracts fit")
        only = details[0]
        canonical = self._list(details, to_ib(instrument.exchange))
        if instrument in {each.instrument for each in canonical}:
            return canonical
        alias = to_domain(self._gateway, instrument, only)
        self._put(alias, only)
        return [*canonical, alias]

    def _list(self, details: Sequence[ContractDetails], exchange: str | None) -> list[Contract]:
        """Under their canonical names, on the exchange that was asked for."""
        listed: list[Contract] = []
        for each in details:
            contract = each.contract
            where = from_ib(exchange or (contract.exchange if contract else ""))
            if contract is None or where is None:
                continue
            symbol = self._name(each, details)
            home = from_ib(_home(each)) or where
            for exchange_ in dict.fromkeys((where, home)):
                known = to_domain(self._gateway, Instrument(symbol, exchange_), each)
                self._put(known, each)
                listed.append(known)
            if contract.secType != "CONTFUT":  # which has the number of its front month
                self._canonical[contract.conId] = Instrument(symbol, home)
        return listed

    @staticmethod
    def _name(details: ContractDetails, among: Sequence[ContractDetails]) -> str:
        own = named(details.contract or IbContract())
        alike = [each for each in among if symbol_of(named(each.contract or IbContract())) == symbol_of(own)]
        return symbol_of(own, multiplier=len(alike) > 1)

    def _put(self, contract: Contract, details: ContractDetails) -> None:
        hours, request = Hours(details.timeZoneId, details.tradingHours), _request(contract)
        listed_at = details.contract.exchange if details.contract else ""
        if from_ib(listed_at) is contract.exchange:
            request.exchange = listed_at
        self._entries[contract.instrument] = Entry(contract, request, hours)

    def _remember(self, contract: Contract) -> None:
        if contract.venue_id.isdigit() and to_ib(contract.exchange) is not None:
            self._entries[contract.instrument] = Entry(contract, _request(contract), _UNNAMED)
            number, own = int(contract.venue_id), not contract.symbol.isdigit() and "-CONTFUT" not in contract.symbol
            if own and (contract.exchange == "SMART" or number not in self._canonical):
                self._canonical[number] = contract.instrument


def _home(details: ContractDetails) -> str:
    """The exchange that a contract is known by where none is named: IB's own routing, if it has it."""
    contract = details.contract or IbContract()
    valid = details.validExchanges.split(",")
    if "SMART" in valid and contract.secType in _ROUTED:
        return "SMART"
    return contract.exchange if contract.exchange in valid or not valid[0] else valid[0]


def _request(contract: Contract) -> IbContract:
    query = query_of(Pattern(contract.vt_symbol)) or Query(to_ib(contract.exchange) or "")
    request = requested(query)
    request.conId = int(contract.venue_id)
    return request


def _number_name(details: ContractDetails, instrument: Instrument) -> str:
    contract = details.contract
    return f"{contract.conId if contract else 0}.{instrument.exchange}"


async def _details(query: Query, asker: Asker) -> Sequence[ContractDetails]:
    request = requested(query)
    try:
        return await asker.details(request)
    except RequestRefused as error:
        if error.error_id != NO_CONTRACT or query.exchange not in OTHERWISE:
            raise
    request.exchange = OTHERWISE[query.exchange]
    return await asker.details(request)


async def _candidates(query: Query, asker: Asker) -> tuple[str, ...]:
    """Names like the one that nobody knows."""
    if not query.symbol:
        return ()
    try:
        if query.sec_type in ("FUT", "OPT", "FOP") and query.expiry:
            wider = requested(query)
            wider.lastTradeDateOrContractMonth, wider.strike, wider.right, wider.multiplier = "", query.strike, "", ""
            if query.sec_type == "FUT":
                found = [each.contract for each in await asker.details(wider)]
                return tuple(f"{symbol_of(named(each))}.{from_ib(query.exchange)}" for each in found if each)[:MANY]
        alike = await asker.matching(query.symbol)
    except GatewayError:
        return ()
    names = (
        f"{each.contract.symbol}-{each.contract.currency}-{each.contract.secType}.SMART"
        for each in alike
        if each.contract is not None and each.contract.secType in ("STK", "IND", "CASH")
    )
    return tuple(dict.fromkeys(names))[:MANY]
