"""Orders, positions and funds as lines of text."""

from marketbus.domain.account import Account
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.times import to_datetime


def order_line(order: Order) -> str:
    """When, where, what, how far it is, its id, and what was said of it."""
    moment = f"{to_datetime(order.created or order.datetime or order.updated):%Y-%m-%d %H:%M:%S.%f}"[:-3]
    side = f"{order.direction} {order.offset}"
    done = f"{order.traded:g}/{order.volume:g}" + (
        "" if order.average_price is None else f" at {order.average_price:g}"
    )
    parts = [
        moment, f"{order.gateway}/{order.account}", f"{order.vt_symbol:<16}", f"{side:<20}",
        f"{order.volume:g} @ {order.price:g}", f"{order.type}", f"{order.state} {done}", order.client_order_id,
    ]  # fmt: skip
    said = [order.reference, order.denied_by, order.error_msg, "external" if order.external else ""]
    return "  ".join(parts + [each for each in said if each])


def preview_lines(preview: OrderPreview) -> str:
    """Margins, equity and commission; what the venue does not say is left out."""
    lines: list[str] = []
    figures = {
        "initial margin": preview.initial_margin,
        "maintenance margin": preview.maintenance_margin,
        "equity": preview.equity,
    }
    for name, effect in figures.items():
        if effect.change is not None:
            span = f"  ({effect.before:.2f} → {effect.after:.2f})" if None not in (effect.before, effect.after) else ""
            lines.append(f"{name:<20}{effect.change:+.2f} {preview.currency}{span}")
    bounds = (preview.commission_min, preview.commission_max)
    if preview.commission is not None:
        lines.append(f"{'commission':<20}{preview.commission:.2f} {preview.commission_currency}")
    elif None not in bounds:
        lines.append(f"{'commission':<20}{bounds[0]:.2f} to {bounds[1]:.2f} {preview.commission_currency}")
    if preview.denied_by:
        lines.append(f"would be DENIED by {preview.denied_by}: {preview.denied_words}")
    return "\n".join([*lines, *([preview.warning] if preview.warning else [])])


def position_line(position: Position) -> str:
    """Lots, of them yesterday's and claimed ones, price, profit, margin."""
    lots = f"{position.volume:g} ({position.yd_volume:g} of before today, {position.frozen:g} claimed)"
    facts = f"@ {position.price:.10g}  pnl {position.pnl:.2f}  margin {position.margin:.2f}"
    place = f"{position.gateway}/{position.account}  {position.vt_symbol:<16}  {position.direction:<5}"
    return f"{place}  {lots}  {facts}"


def account_line(account: Account) -> str:
    """Funds on one line."""
    figures = {
        "balance": account.balance,
        "available": account.available,
        "margin": account.margin,
        "frozen": account.frozen,
        "close profit": account.close_profit,
        "position profit": account.position_profit,
        "commission": account.commission,
    }
    text = "  ".join(f"{name} {value:.2f}" for name, value in figures.items())
    return f"{account.gateway}/{account.account}  {text}  {account.currency}"
