"""Order matching and clearing of the simulated venues: rules of their own, shared with no code they judge.

Prices and money are exact decimals; volumes are lots.
"""

from marketbus.lab.trading.account import Account
from marketbus.lab.trading.counter import Counter, Listener
from marketbus.lab.trading.order import Life, Offset, Order, PriceKind, Request, Side, State, Trade
from marketbus.lab.trading.refusal import Refusal, Refused
from marketbus.lab.trading.terms import Terms, terms_of

__all__ = [
    "Account",
    "Counter",
    "Life",
    "Listener",
    "Offset",
    "Order",
    "PriceKind",
    "Refusal",
    "Refused",
    "Request",
    "Side",
    "State",
    "Terms",
    "Trade",
    "terms_of",
]
