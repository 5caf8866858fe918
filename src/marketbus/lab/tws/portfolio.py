"""Requests about accounts: positions, values, summaries, profit and loss."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from marketbus.lab.tws.account import BASE, Account, Position, cents, rated
from marketbus.lab.tws.contract import NEW_YORK
from marketbus.lab.tws.frame import Fields, number
from marketbus.lab.tws.messages import portfolio as told
from marketbus.lab.tws.order import Execution
from marketbus.lab.tws.requests import Handlers
from marketbus.lab.tws.session import Session

_NIL = Decimal(0)


class PortfolioDesk:
    """`now`: the market's time. Subscriptions end with their session."""

    def __init__(self, accounts: dict[str, Account], now: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._now = now
        self._positions: set[Session] = set()
        self._updates: dict[Session, str] = {}
        self._summaries: dict[tuple[Session, int], tuple[str, ...]] = {}
        self._multi: dict[tuple[Session, int], str] = {}
        self._position_multi: dict[tuple[Session, int], str] = {}
        self._profits: dict[tuple[Session, int], tuple[str, int]] = {}
        """conId 0: of the account."""

    def handlers(self) -> Handlers:
        """By message id."""
        return {
            6: ("reqAccountUpdates", self._req_updates),
            61: ("reqPositions", self._req_positions),
            62: ("reqAccountSummary", self._req_summary),
            63: ("cancelAccountSummary", lambda session, fields: _cancel(session, fields, self._summaries)),
            64: ("cancelPositions", self._cancel_positions),
            74: ("reqPositionsMulti", self._req_position_multi),
            75: ("cancelPositionsMulti", lambda session, fields: _cancel(session, fields, self._position_multi)),
            76: ("reqAccountUpdatesMulti", self._req_multi),
            77: ("cancelAccountUpdatesMulti", lambda session, fields: _cancel(session, fields, self._multi)),
            92: ("reqPnL", lambda session, fields: self._req_profit(session, fields, single=False)),
            93: ("cancelPnL", lambda session, fields: _cancel(session, fields, self._profits, versioned=False)),
            94: ("reqPnLSingle", lambda session, fields: self._req_profit(session, fields, single=True)),
            95: ("cancelPnLSingle", lambda session, fields: _cancel(session, fields, self._profits, versioned=False)),
        }

    def forget(self, session: Session) -> None:
        """It is gone."""
        self._positions.discard(session)
        self._updates.pop(session, None)
        for subscriptions in (self._summaries, self._multi, self._position_multi, self._profits):
            for key in [key for key in subscriptions if key[0] is session]:
                del subscriptions[key]

    def executed(self, execution: Execution) -> None:
        """A position and the money changed: whoever subscribed is told."""
        account = self._accounts[execution.order.account]
        position = account.position(execution.order.contract)
        for session in self._positions:
            session.send(told.position(account.number, position.contract, position.size, position.average_cost))
        for (session, request), number_ in self._position_multi.items():
            if number_ in {"", account.number}:
                cost = position.average_cost
                session.send(told.position_multi(request, account.number, position.contract, position.size, cost))
        for session, number_ in self._updates.items():
            if number_ == account.number:
                self._tell_portfolio(session, account, position)
                self._tell_values(session, account)
        self.tell_profits()

    def refresh(self) -> None:
        """What TWS tells every three minutes."""
        for session, number_ in list(self._updates.items()):
            self._tell_account(session, self._accounts[number_])
        for session, request in list(self._summaries):
            self._tell_summary(session, request)

    def tell_profits(self) -> None:
        """What TWS tells every second."""
        for session, request in list(self._profits):
            self._tell_profit(session, request)

    def _req_positions(self, session: Session, fields: Fields) -> None:
        fields.integer()
        fields.end()
        self._positions.add(session)
        for account in self._accounts.values():
            for position in account.held:
                session.send(told.position(account.number, position.contract, position.size, position.average_cost))
        session.send(told.position_end())

    def _cancel_positions(self, session: Session, fields: Fields) -> None:
        fields.integer()
        fields.end()
        self._positions.discard(session)

    def _req_position_multi(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request, account, _ = fields.integer(), fields.text(), fields.text()
        fields.end()
        if not self._exists(session, request, account):
            return
        self._position_multi[session, request] = account
        for each in self._accounts.values():
            for position in each.held if account in {"", each.number} else []:
                cost = position.average_cost
                session.send(told.position_multi(request, each.number, position.contract, position.size, cost))
        session.send(told.position_multi_end(request))

    def _req_updates(self, session: Session, fields: Fields) -> None:
        fields.integer()
        on, account = fields.flag(), fields.text()
        fields.end()
        if not on:
            self._updates.pop(session, None)
            return
        if not self._exists(session, -1, account):
            return
        chosen = account or next(iter(self._accounts))
        self._updates[session] = chosen
        self._tell_account(session, self._accounts[chosen])

    def _tell_account(self, session: Session, account: Account) -> None:
        self._tell_values(session, account)
        for position in account.held:
            self._tell_portfolio(session, account, position)
        session.send(told.account_time(f"{self._now().astimezone(ZoneInfo(NEW_YORK)):%H:%M}"))
        session.send(told.account_download_end(account.number))

    def _tell_values(self, session: Session, account: Account) -> None:
        for key, value, currency in values(account):
            session.send(told.account_value(key, value, currency, account.number))

    def _tell_portfolio(self, session: Session, account: Account, position: Position) -> None:
        price = account.last(position.contract)
        figures = (
            price, cents(position.market_value(price)), position.average_cost, cents(position.unrealised(price)),
            cents(position.realised),
        )  # fmt: skip
        session.send(told.portfolio(account.number, position.contract, position.size, figures))

    def _req_summary(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request, _, tags = fields.integer(), fields.text(), tuple(fields.text().split(","))
        fields.end()
        if sum(1 for owner, _ in self._summaries if owner is session) >= 2:
            words = "Maximum number of account summary requests exceeded"
            session.error(request, 322, f"Error processing request.-'bN' : cause - {words}")
            return
        self._summaries[session, request] = tags
        self._tell_summary(session, request)

    def _tell_summary(self, session: Session, request: int) -> None:
        tags = self._summaries[session, request]
        for account in self._accounts.values():
            for key, value, currency in values(account):
                wanted = key in tags or (any(tag.startswith("$LEDGER") for tag in tags) and key in _LEDGER)
                if wanted and (currency != "BASE" or key in _LEDGER):
                    session.send(told.account_summary(request, account.number, key, value, currency))
        session.send(told.account_summary_end(request))

    def _req_multi(self, session: Session, fields: Fields) -> None:
        fields.integer()
        request, account, _, ledger = fields.integer(), fields.text(), fields.text(), fields.flag()
        fields.end()
        if not self._exists(session, request, account):
            return
        self._multi[session, request] = account
        for each in self._accounts.values():
            for key, value, currency in values(each) if account in {"", each.number} else []:
                if not ledger or key in _LEDGER:
                    session.send(told.account_multi(request, each.number, key, value, currency))
        session.send(told.account_multi_end(request))

    def _req_profit(self, session: Session, fields: Fields, *, single: bool) -> None:
        request, account, _ = fields.integer(), fields.text(), fields.text()
        con_id = fields.integer() if single else 0
        fields.end()
        if self._exists(session, request, account, required=True):
            self._profits[session, request] = (account, con_id)
            self._tell_profit(session, request)

    def _tell_profit(self, session: Session, request: int) -> None:
        number_, con_id = self._profits[session, request]
        account = self._accounts[number_]
        if not con_id:
            daily = account.net_liquidation - account.begun_with
            session.send(told.profit(request, cents(daily), cents(account.unrealised), cents(account.realised)))
            return
        position = account.positions.get(con_id)
        if position is None:
            session.send(told.profit_single(request, _NIL, _NIL, None))
            return
        price = account.last(position.contract)
        unrealised = rated(position, position.unrealised(price))
        realised = rated(position, position.realised)
        value = rated(position, position.market_value(price))
        figures = (cents(unrealised), cents(realised), cents(value))
        session.send(told.profit_single(request, position.size, cents(unrealised + realised), figures))

    def _exists(self, session: Session, request: int, account: str, *, required: bool = False) -> bool:
        if account in self._accounts or (not account and not required):
            return True
        session.error(request, 321, f"Error validating request.-'bZ' : cause - Invalid account code '{account}'.")
        return False


_LEDGER = frozenset({"CashBalance", "TotalCashBalance", "NetLiquidationByCurrency", "UnrealizedPnL", "RealizedPnL"})


def values(account: Account) -> list[tuple[str, str, str]]:
    """(key, value, currency) as reqAccountUpdates tells them."""
    net, cash, initial = account.net_liquidation, account.total_cash, account.initial_margin
    money = {
        "NetLiquidation": net,
        "TotalCashValue": cash,
        "SettledCash": cash,
        "EquityWithLoanValue": net,
        "GrossPositionValue": account.gross_value,
        "InitMarginReq": initial,
        "MaintMarginReq": account.maintenance_margin,
        "AvailableFunds": account.available,
        "ExcessLiquidity": net - account.maintenance_margin,
        "BuyingPower": max(account.available, _NIL) * 4,
        "FullInitMarginReq": initial,
        "FullMaintMarginReq": account.maintenance_margin,
        "FullAvailableFunds": account.available,
        "FullExcessLiquidity": net - account.maintenance_margin,
    }
    listed = [("AccountCode", account.number, ""), ("AccountReady", "true", ""), ("AccountType", "INDIVIDUAL", "")]
    listed += [(key, number(cents(value)), BASE) for key, value in money.items()]
    listed.append(("Cushion", number((net - account.maintenance_margin) / net) if net else "0", ""))
    for currency, amount, total in (
        ("BASE", cash, net),
        *((currency, amount, amount) for currency, amount in account.cash.items()),
    ):
        listed += [
            ("CashBalance", number(cents(amount)), currency),
            ("TotalCashBalance", number(cents(amount)), currency),
            ("NetLiquidationByCurrency", number(cents(total)), currency),
            ("UnrealizedPnL", number(cents(account.unrealised if currency in {"BASE", BASE} else _NIL)), currency),
            ("RealizedPnL", number(cents(account.realised if currency in {"BASE", BASE} else _NIL)), currency),
        ]
    return listed


def _cancel(
    session: Session, fields: Fields, subscriptions: dict[tuple[Session, int], Any], *, versioned: bool = True
) -> None:
    if versioned:
        fields.integer()
    request = fields.integer()
    fields.end()
    subscriptions.pop((session, request), None)
