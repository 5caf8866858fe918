"""What TWS says to an order before it goes anywhere: refusals, and the answer to a what-if."""

from collections.abc import Collection

from marketbus.lab.tws.account import BASE, RATES, Account, commission
from marketbus.lab.tws.contract import Contract
from marketbus.lab.tws.messages.orders import Preview
from marketbus.lab.tws.order import Order, Status, Ticket


def order_fault(contract: Contract, ticket: Ticket, exchange: str, accounts: Collection[str]) -> tuple[int, str] | None:
    """What TWS refuses at once: code and words."""
    invalid = "Error validating request.-'bw' : cause - "
    if ticket.action not in {"BUY", "SELL"}:
        return 321, f"{invalid}Invalid action {ticket.action}"
    if ticket.account not in accounts:
        return 321, f"{invalid}Invalid account code '{ticket.account}'."
    if not exchange:
        return 321, f"{invalid}Missing order exchange"
    if ticket.unplayed:
        return 387, f"Unsupported order type for this exchange and security type: {ticket.unplayed}"
    if not contract.tradable:
        return 201, f"Order rejected - reason:{contract.sec_type} cannot be traded"
    if ticket.quantity <= 0:
        return 434, "The order size cannot be zero."
    if ticket.quantity % contract.size_increment:
        return 10243, "Fractional-sized order cannot be placed via API."
    prices = (
        ticket.limit if ticket.order_type in {"LMT", "STP LMT"} else contract.tick,
        ticket.aux if ticket.order_type in {"STP", "STP LMT"} else contract.tick,
    )
    if None in prices:
        return 321, f"{invalid}Missing or invalid price"
    if any(price % contract.tick for price in prices if price is not None):
        return 110, "The price does not conform to the minimum price variation for this contract."
    return None


def modification_fault(order: Order | None, contract: Contract, ticket: Ticket) -> tuple[int, str] | None:
    """Why that order cannot be turned into this: code and words."""
    if order is None:
        return None
    if order.status is Status.FILLED:
        return 104, "Cannot modify a filled order."
    if not order.live:
        return 103, "Duplicate order id"
    if order.contract is not contract or not order.ticket.same_order(ticket):
        return 105, "Order being modified does not match the original order."
    if ticket.quantity <= order.filled_size:
        return 321, "Error validating request.-'bw' : cause - Quantity is below what was filled"
    return None


def preview_of(account: Account, contract: Contract, ticket: Ticket) -> Preview:
    """What an order would do to an account."""
    signed = ticket.quantity * (1 if ticket.action == "BUY" else -1)
    initial, change = account.initial_margin, account.margin_change(contract, signed)
    price = ticket.limit or account.last(contract)
    fee = commission(contract, ticket.quantity, price, first=True) * RATES[contract.currency]
    equity = account.net_liquidation
    return Preview(
        initial=(initial, change, initial + change),
        maintenance=(initial / 2, change / 2, (initial + change) / 2),
        equity=(equity, -fee, equity - fee),
        commission=fee,
        currency=BASE,
    )
