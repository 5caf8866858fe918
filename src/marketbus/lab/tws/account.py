"""An account's net positions and money: exact, in decimals, and the same after every replay.

Rules: a margin account of one base currency, USD. A trade of shares, options, currencies and coins moves cash; one of
futures, contracts for difference moves none but settles its profit when it closes. Required margin is a flat share of
each position's value (`Contract.margin`), half of it to keep. Average cost contains the commission, as at TWS.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from marketbus.lab.tws.contract import Contract

BASE = "USD"
RATES = {"USD": Decimal(1), "EUR": Decimal("1.08"), "CAD": Decimal("0.72")}
"""USD for one unit: fixed, unlike the market of EUR.USD."""

_NIL, _CENT = Decimal(0), Decimal("0.01")
_MARGINED = frozenset({"FUT", "CFD"})
_SHARE_FEE, _LEAST_FEE = Decimal("0.005"), Decimal(1)
_CONTRACT_FEE, _OPTION_FEE, _CURRENCY_FEE, _COIN_FEE = (
    Decimal("2.25"), Decimal("0.65"), Decimal("0.00002"), Decimal("0.0018"),
)  # fmt: skip


def cents(amount: Decimal) -> Decimal:
    """Money as TWS shows it."""
    return amount.quantize(_CENT, ROUND_HALF_EVEN)


def commission(contract: Contract, size: Decimal, price: Decimal, *, first: bool) -> Decimal:
    """In the contract's currency. `first`: an order's minimum is paid with its first fill."""
    value = size * price * contract.value
    fees = {
        "FUT": _CONTRACT_FEE * size,
        "OPT": _OPTION_FEE * size,
        "CASH": value * _CURRENCY_FEE,
        "CRYPTO": value * _COIN_FEE,
    }
    fee = fees.get(contract.sec_type, _SHARE_FEE * size)
    # A tenth of a cent is not lost: TWS shows commissions with more digits than money.
    return max(fee, _LEAST_FEE if first and contract.sec_type in {"STK", "CFD", "OPT"} else _NIL).normalize()


@dataclass(slots=True)
class Position:
    """Net, in units; `cost`: of one unit with its commission, in points of price; `realised` in its currency."""

    contract: Contract
    size: Decimal = _NIL
    cost: Decimal = _NIL
    realised: Decimal = _NIL

    def trade(self, signed: Decimal, price: Decimal, fee: Decimal) -> Decimal | None:
        """Books a fill; returns the profit realised after commission, None when it only opens."""
        value = self.contract.value
        closing = min(abs(signed), abs(self.size)) if signed * self.size < 0 else _NIL
        opening = abs(signed) - closing
        fee_open = fee * opening / abs(signed)
        profit: Decimal | None = None
        if closing:
            gained = (price - self.cost) * closing * value * (1 if self.size > 0 else -1)
            profit = gained - (fee - fee_open)
            self.realised += profit
        before = self.size
        self.size += signed
        if opening:
            direction = 1 if signed > 0 else -1
            unit = price + direction * fee_open / (opening * value)
            held = abs(before) if not closing else _NIL
            self.cost = (self.cost * held + unit * opening) / (held + opening)
        if not self.size:
            self.cost = _NIL
        return profit

    @property
    def average_cost(self) -> Decimal:
        """Of one contract, multiplier included: what TWS calls averageCost."""
        return self.cost * self.contract.value

    def unrealised(self, price: Decimal) -> Decimal:
        """In its currency, at that price."""
        return (price - self.cost) * self.size * self.contract.value

    def market_value(self, price: Decimal) -> Decimal:
        """In its currency, at that price."""
        return price * self.size * self.contract.value


@dataclass(slots=True)
class Account:
    """`last`: the latest price of a contract."""

    number: str
    last: Callable[[Contract], Decimal]
    money: Decimal
    cash: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    positions: dict[int, Position] = field(default_factory=dict[int, Position])
    begun_with: Decimal = _NIL
    """Net liquidation value the day began with."""

    def __post_init__(self) -> None:
        """Pays the money in."""
        self.cash = {BASE: self.money}
        self.begun_with = self.money

    def position(self, contract: Contract) -> Position:
        """That of a contract, empty when there is none."""
        return self.positions.setdefault(contract.con_id, Position(contract))

    def fill(self, contract: Contract, signed: Decimal, price: Decimal, fee: Decimal) -> Decimal | None:
        """Books a fill; returns the profit it realised in the contract's currency."""
        position = self.position(contract)
        profit = position.trade(signed, price, fee)
        moved = -fee
        if contract.sec_type in _MARGINED:
            moved = profit if profit is not None else _NIL
        else:
            moved -= signed * price * contract.value
        self.cash[contract.currency] = self.cash.get(contract.currency, _NIL) + moved
        return profit

    def deposit(self, amount: Decimal) -> None:
        """Pays in, out when negative; base currency."""
        self.cash[BASE] += amount
        self.begun_with += amount

    @property
    def held(self) -> list[Position]:
        """Positions that are not empty."""
        return [each for each in self.positions.values() if each.size]

    @property
    def total_cash(self) -> Decimal:
        """Base currency."""
        return sum((amount * RATES[currency] for currency, amount in self.cash.items()), _NIL)

    @property
    def unrealised(self) -> Decimal:
        """Base currency."""
        return sum((rated(each, each.unrealised(self.last(each.contract))) for each in self.held), _NIL)

    @property
    def realised(self) -> Decimal:
        """Of the day, base currency."""
        return sum((rated(each, each.realised) for each in self.positions.values()), _NIL)

    @property
    def net_liquidation(self) -> Decimal:
        """Cash, what is held at the market's prices, and what futures have gained."""
        total = self.total_cash
        for each in self.held:
            price = self.last(each.contract)
            margined = each.contract.sec_type in _MARGINED
            total += rated(each, each.unrealised(price) if margined else each.market_value(price))
        return total

    @property
    def gross_value(self) -> Decimal:
        """Of all positions, base currency."""
        return sum((rated(each, abs(each.market_value(self.last(each.contract)))) for each in self.held), _NIL)

    @property
    def initial_margin(self) -> Decimal:
        """What new positions like those held would need, base currency."""
        return sum((self._needs(each.contract, each.size) for each in self.held), _NIL)

    @property
    def maintenance_margin(self) -> Decimal:
        """What those held need."""
        return self.initial_margin / 2

    @property
    def available(self) -> Decimal:
        """For new positions."""
        return self.net_liquidation - self.initial_margin

    def margin_change(self, contract: Contract, signed: Decimal) -> Decimal:
        """Initial margin that a trade adds or frees, base currency."""
        size = self.positions[contract.con_id].size if contract.con_id in self.positions else _NIL
        return self._needs(contract, size + signed) - self._needs(contract, size)

    def _needs(self, contract: Contract, size: Decimal) -> Decimal:
        value = abs(size) * self.last(contract) * contract.value * RATES[contract.currency]
        if contract.sec_type == "OPT" and size > 0:
            return value  # what is bought is paid in full
        if contract.sec_type == "OPT":
            return value + abs(size) * contract.strike * contract.value * contract.margin
        return value * contract.margin


def rated(position: Position, amount: Decimal) -> Decimal:
    """An amount of a position's currency in the base currency."""
    return amount * RATES[position.contract.currency]
