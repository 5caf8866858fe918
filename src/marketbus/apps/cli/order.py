"""`marketbus order`: send one, cancel, look; through the public client."""

import sys
from collections.abc import Coroutine
from typing import Annotated, NoReturn, TypeVar

import typer

import marketbus
from marketbus.apps.board.trading import order_line, preview_lines
from marketbus.apps.cli.options import Json, Url
from marketbus.apps.cli.principal import principal
from marketbus.apps.cli.run import run
from marketbus.apps.cli.show import show
from marketbus.apps.exit_codes import ExitCode
from marketbus.client.trading.terms import Terms
from marketbus.domain.errors import ModifyRejected, OrderDenied, OrderRejected, OutcomeUnknown
from marketbus.domain.order import Order
from marketbus.domain.order_request import DEFAULT_VALIDITY
from marketbus.domain.order_terms import OrderType, word_of
from marketbus.domain.preview import OrderPreview
from marketbus.domain.times import NS

T = TypeVar("T")

app = typer.Typer(
    help="Orders: send, cancel, list, show.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Gateway = Annotated[str | None, typer.Option("--gateway", "-g", help="Needed when several trade.")]
Account = Annotated[str | None, typer.Option("--account", "-a", help="Its name in the configuration.")]
OrderId = Annotated[str, typer.Argument(metavar="ID", help="Its client_order_id.")]
Wait = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for the venue's word.")]


@app.command("send")
def send(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Such as rb2701.SHFE.")],
    direction: Annotated[str, typer.Option(metavar="long|short", help="Also 多, 空.")],
    offset: Annotated[
        str, typer.Option(metavar="open|close|closetoday|closeyesterday", help="Also 开, 平, 平今, 平昨.")
    ],
    volume: Annotated[float, typer.Option(metavar="V", help="Lots.")],
    price: Annotated[float | None, typer.Option(metavar="P", help="Its limit; a market order has none.")] = None,
    kind: Annotated[str, typer.Option("--type", metavar="limit|market|fak|fok")] = "limit",
    gateway: Gateway = None,
    account: Account = None,
    order_id: Annotated[
        str, typer.Option("--id", metavar="CLIENT_ORDER_ID", help="Its name for ever; the same again sends nothing.")
    ] = "",
    reference: Annotated[str, typer.Option(metavar="TEXT", help="Your own words, such as a strategy's name.")] = "",
    valid_for: Annotated[
        float, typer.Option(min=0.1, max=60, metavar="SECONDS", help="A request that comes later is not executed.")
    ] = DEFAULT_VALIDITY / NS,
    what_if: Annotated[bool, typer.Option("--what-if", help="Only say what it would cost; nothing is sent.")] = False,
    wait: Wait = 5.0,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Send one order and wait for the venue's word. Exit code 3: denied by a rule of ours, 4: rejected by the venue,
    5: outcome not known.
    """
    if price is None and word_of(OrderType, kind, "type") is not OrderType.MARKET:
        raise typer.BadParameter("--price is missing: only a market order has none")

    terms: Terms = {
        "type": kind, "gateway": gateway, "account": account, "client_order_id": order_id, "reference": reference,
        "valid_for": valid_for,
    }  # fmt: skip

    async def cost() -> OrderPreview:
        async with marketbus.connect(url, principal=principal()) as bus:
            return await bus.what_if(symbol, direction, offset, volume, price or 0.0, **terms)

    async def work() -> Order:
        async with marketbus.connect(url, principal=principal()) as bus:
            handle = await bus.send_order(symbol, direction, offset, volume, price or 0.0, **terms)
            try:
                order = await handle.accepted(within=wait)
                return await handle.done(within=wait) if order.state.is_final else order
            except TimeoutError:
                raise _silent(handle.order, wait) from None

    if what_if:
        show([_run(cost(), as_json=as_json)], preview_lines, as_json=as_json)
    else:
        show([_run(work(), as_json=as_json)], order_line, as_json=as_json)


@app.command("modify")
def modify(
    order_id: OrderId,
    price: Annotated[float | None, typer.Option(metavar="P", help="Another limit.")] = None,
    volume: Annotated[float | None, typer.Option(metavar="V", help="Another volume, fills included.")] = None,
    gateway: Gateway = None,
    account: Account = None,
    wait: Wait = 5.0,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Ask for another price or volume of an order and wait for the venue's word. Exit code 3: denied by a rule of ours,
    4: refused by the venue, the order stands as it stood; 5: no answer yet.
    """
    if price is None and volume is None:
        raise typer.BadParameter("--price, --volume, or both")

    async def work() -> Order:
        async with marketbus.connect(url, principal=principal()) as bus:
            handle = await bus.order_handle(order_id, gateway=gateway, account=account)
            await handle.modify(price=price, volume=volume)
            try:
                return await handle.modified(within=wait)
            except TimeoutError:
                raise _silent(handle.order, wait) from None

    show([_run(work(), as_json=as_json)], order_line, as_json=as_json)


@app.command("cancel")
def cancel(
    order_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Its client_order_id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every open order, other terminals' included.")] = False,
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="With --all: of this instrument only.")] = "",
    gateway: Gateway = None,
    account: Account = None,
    wait: Wait = 5.0,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Ask for the cancel of one order, or of all, and wait for it. Exit code 1: it was filled, or still stands."""
    if (order_id is None) is not every or (symbol and not every):
        raise typer.BadParameter("either an ID, or --all")

    async def work() -> list[Order]:
        async with marketbus.connect(url, principal=principal()) as bus:
            if order_id is not None:
                handles = [await bus.order_handle(order_id, gateway=gateway, account=account)]
                await handles[0].cancel()
            else:
                asked = set(await bus.cancel_all(symbol, gateway=gateway, account=account))
                found = await bus.orders(gateway=gateway, account=account)
                handles = [
                    await bus.order_handle(each.client_order_id, gateway=each.gateway, account=each.account)
                    for each in found
                    if each.client_order_id in asked
                ]
            for handle in handles:
                try:
                    await handle.done(within=wait)
                except TimeoutError:
                    continue  # shown as it stands
            return [handle.order for handle in handles]

    orders = _run(work(), as_json=as_json)
    show(orders, order_line, as_json=as_json, nothing="no open orders")
    if any(order.state != "CANCELLED" for order in orders):
        raise typer.Exit(ExitCode.FAILURE)


@app.command("list")
def list_orders(
    active: Annotated[bool, typer.Option("--active", help="Those that stand or may stand at the venue.")] = False,
    gateway: Gateway = None,
    account: Account = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Orders of these days, other terminals' included."""

    async def work() -> list[Order]:
        async with marketbus.connect(url, principal=principal()) as bus:
            return await bus.orders(active=active, gateway=gateway, account=account)

    show(run(work()), order_line, as_json=as_json, nothing="no orders")


@app.command("show")
def show_order(
    order_id: OrderId, gateway: Gateway = None, account: Account = None, url: Url = None, as_json: Json = False
) -> None:
    """One order as it stands, however old."""

    async def work() -> Order:
        async with marketbus.connect(url, principal=principal()) as bus:
            return await bus.order(order_id, gateway=gateway, account=account)

    show([run(work())], order_line, as_json=as_json)


def _run(work: Coroutine[None, None, T], *, as_json: bool) -> T:
    """What an order ends in without being taken: one line that names it, and an exit code of its own."""
    try:
        return run(work)
    except OrderDenied as error:
        _end(ExitCode.DENIED, f"DENIED by {error.rule}: {error}", error.order if as_json else None)
    except (OrderRejected, ModifyRejected) as error:
        _end(ExitCode.REJECTED, f"REJECTED: {error}", error.order if as_json else None)
    except OutcomeUnknown as error:
        _end(ExitCode.OUTCOME_UNKNOWN, f"OUTCOME UNKNOWN: {error}", None)


def _end(code: ExitCode, words: str, order: Order | None) -> NoReturn:
    if order is not None:
        show([order], order_line, as_json=True)
    sys.stderr.write(f"marketbus: {words}\n")
    raise typer.Exit(code)


def _silent(order: Order, seconds: float) -> OutcomeUnknown:
    order_id = order.client_order_id
    return OutcomeUnknown(
        f"order {order_id} is {order.state}: no word of the venue within {seconds:g} s / 柜台 {seconds:g} 秒内没有回报",
        f"marketbus order show {order_id}",
        order_id,
    )
