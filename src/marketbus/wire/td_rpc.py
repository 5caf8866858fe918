"""RPC of a trading account: the `td` verbs, whose subject names account and principal, and `ops` on it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from marketbus.domain.bracket import BracketRequest
from marketbus.domain.instrument import Exchange
from marketbus.domain.order_request import CancelRequest, ModifyRequest, OrderRequest
from marketbus.domain.order_terms import Direction, HedgeFlag, Offset, OrderType, word_of
from marketbus.domain.rates import InstrumentRates
from marketbus.domain.risk.limits import Tightening
from marketbus.wire.rpc import Group, Nothing, Request, Verb

Text = Annotated[str, Meta(max_length=100)]
OrderId = Annotated[str, Meta(min_length=1, max_length=24)]
Ext = Annotated[dict[str, str | int | float | bool | None], Meta(max_length=16)]


class SendOrder(Request, frozen=True):
    """One order. Words may be vnpy's, in any case, or Chinese. `valid_until`: ns UTC by the sender's clock."""

    symbol: Text
    exchange: Text
    direction: Text
    volume: float
    price: float
    client_order_id: OrderId
    valid_until: int
    type: Text = "LIMIT"
    offset: Text = "NONE"
    reference: Text = ""
    hedge: Text = "SPECULATION"
    ext: Ext | None = None
    host: Text = ""
    """Of the program, for the journal; `trader`: who stands for it."""
    trader: Text = ""

    def to_request(self, gateway: str, account: str, principal: str) -> OrderRequest:
        """What the desk takes.

        Raises:
            BadRequest: names the field.
        """
        return OrderRequest(
            symbol=self.symbol,
            exchange=Exchange(self.exchange),
            direction=word_of(Direction, self.direction, "direction"),
            type=word_of(OrderType, self.type, "type"),
            volume=self.volume,
            price=self.price,
            offset=word_of(Offset, self.offset, "offset"),
            reference=self.reference,
            client_order_id=self.client_order_id,
            gateway=gateway,
            account=account,
            origin=principal,
            valid_until=self.valid_until,
            hedge=word_of(HedgeFlag, self.hedge, "hedge"),
            ext=self.ext,
            host=self.host,
            trader=self.trader,
        )


class SendBracket(SendOrder, frozen=True, kw_only=True):
    """An order with a limit that takes the profit and a stop that ends a loss, of the ids ID, `ID.tp` and `ID.sl`."""

    take_profit: float
    stop_loss: float

    def to_bracket(self, gateway: str, account: str, principal: str) -> BracketRequest:
        """What the desk takes.

        Raises:
            BadRequest: names the field.
        """
        return BracketRequest(self.to_request(gateway, account, principal), self.take_profit, self.stop_loss)


class CancelOrder(Request, frozen=True):
    """The cancel of one order, by the id it was sent under; `valid_until` as of an order."""

    client_order_id: OrderId
    valid_until: int
    host: Text = ""
    trader: Text = ""

    def to_request(self, gateway: str, account: str, principal: str) -> CancelRequest:
        """What the desk takes.

        Raises:
            BadRequest: names the field.
        """
        return CancelRequest(
            self.client_order_id, gateway, account, principal, self.valid_until, self.host, self.trader
        )


class ModifyOrder(Request, frozen=True):
    """Another price, or another volume (in all, fills included), of one order; null stays. `valid_until` as of an
    order."""

    client_order_id: OrderId
    valid_until: int
    price: float | None = None
    volume: float | None = None
    host: Text = ""
    trader: Text = ""

    def to_request(self, gateway: str, account: str, principal: str) -> ModifyRequest:
        """What the desk takes.

        Raises:
            BadRequest: names the field.
        """
        return ModifyRequest(
            self.client_order_id, self.price, self.volume, gateway, account, principal, self.valid_until, self.host,
            self.trader,
        )  # fmt: skip


class CancelAll(Request, frozen=True):
    """Every open order; of one instrument, if it is named."""

    vt_symbol: Text = ""


class OneOrder(Request, frozen=True):
    """One order, however old."""

    client_order_id: OrderId


class Orders(Request, frozen=True):
    """Of these days, or the open ones only."""

    active: bool = False


class Events(Request, frozen=True):
    """What was told after a journal position; ask again from the last one until nothing comes."""

    since: Annotated[int, Meta(ge=0)]
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 5_000


class JournalHead(msgspec.Struct, frozen=True):
    """The last position of the journal at which something is told of the account: what is asked for later holds it."""

    position: int


class Tally(Request, frozen=True):
    """Whoever heard as many payloads of a kind after a journal position has missed none."""

    kind: Literal["order", "trade", "position", "account"]
    since: Annotated[int, Meta(ge=0)]


class Tallied(msgspec.Struct, frozen=True):
    """Payloads told after `since` and up to `upto`. `count` None: not known here any more, ask for the events."""

    upto: int
    count: int | None


class HoldControl(Request, frozen=True):
    """Take or renew the lease on one's orders for `ttl` seconds; 0 gives it back, and they stand.

    Renew it at a third of that. When it runs out, the account's `cancel_on_disconnect` has the principal's open orders
    cancelled. One lease per principal: give programs that live apart principals of their own.
    """

    ttl: Annotated[float, Meta(ge=0, le=3600)]


class Controlled(msgspec.Struct, frozen=True):
    """`armed` False: the account is not configured so, and nothing follows when the lease runs out."""

    armed: bool


class AskRates(Request, frozen=True):
    """Of these instruments, or of all whose rates are kept."""

    vt_symbols: Annotated[tuple[Text, ...], Meta(max_length=1000)] = ()


class KnownRates(msgspec.Struct, frozen=True):
    """As they are kept; what was not asked of the venue today (`asked` 0) is asked for soon."""

    rates: list[InstrumentRates]


class AskSettlement(Request, frozen=True):
    """Of a trading day, yyyymmdd; 0: the last one kept."""

    trading_day: Annotated[int, Meta(ge=0, le=21_000_000)] = 0


class SettlementPart(msgspec.Struct, frozen=True):
    """A piece of a statement; all together are the text as the venue wrote it."""

    trading_day: int
    text: str


class SettlementDays(msgspec.Struct, frozen=True):
    """Days whose statements are kept, yyyymmdd, the oldest first."""

    days: list[int]


class TightenRisk(Request, frozen=True):
    """Limits that are to become stricter; those that are not named stay."""

    limits: Tightening


class Kill(Request, frozen=True):
    """Why, for the journal."""

    why: Text = ""


class Killed(msgspec.Struct, frozen=True):
    """The kill switch. `flat`: the venue has confirmed that no order is open; `open`: orders that it is still about."""

    pulled: bool
    flat: bool
    open: int = 0


class Asked(msgspec.Struct, frozen=True):
    """Orders whose cancel went out."""

    client_order_ids: list[str]


TD_VERBS = (
    Verb(Group.TD, "send_order", SendOrder, "Order object", False, "Send an order"),
    Verb(Group.TD, "send_bracket", SendBracket, "Order objects", False, "Send an order with its two ends, or none"),
    Verb(Group.TD, "what_if", SendOrder, "OrderPreview", False, "What an order would cost; nothing is sent"),
    Verb(Group.TD, "modify_order", ModifyOrder, "Order object", False, "Ask for another price or volume of an order"),
    Verb(Group.TD, "cancel_order", CancelOrder, "Order object", False, "Ask for an order's cancel"),
    Verb(Group.TD, "cancel_all", CancelAll, "Asked", False, "Ask for the cancel of every open order"),
    Verb(Group.TD, "order", OneOrder, "Order object", False, "One order as it stands"),
    Verb(Group.TD, "orders", Orders, "Order payload", True, "Orders of these days"),
    Verb(Group.TD, "trades", Nothing, "Trade payload", True, "Fills of these days"),
    Verb(Group.TD, "positions", Nothing, "Position payload", True, "Positions"),
    Verb(Group.TD, "account", Nothing, "Account object", False, "Funds"),
    Verb(Group.TD, "head", Nothing, "JournalHead", False, "Where the account's journal stands"),
    Verb(Group.TD, "events", Events, "td payload", True, "What was told since a journal position"),
    Verb(Group.TD, "tally", Tally, "Tallied", False, "How much was told since a journal position"),
    Verb(Group.TD, "control", HoldControl, "Controlled", False, "Hold a lease whose end cancels one's orders"),
    Verb(Group.TD, "rates", AskRates, "KnownRates", False, "Margin and commission rates, as they are kept"),
    Verb(Group.TD, "settlement", AskSettlement, "SettlementPart", True, "A day's settlement statement"),
    Verb(Group.TD, "settlement_days", Nothing, "SettlementDays", False, "Days whose statements are kept"),
    Verb(Group.TD, "risk", Nothing, "RiskReport", False, "Limits in force, and how much of each is used"),
    Verb(Group.OPS, "tighten_risk", TightenRisk, "RiskReport", False, "Make limits stricter"),
    Verb(Group.OPS, "kill", Kill, "Killed", False, "Deny new orders, cancel all open ones"),
    Verb(Group.OPS, "release", Nothing, "Killed", False, "End the kill"),
    Verb(Group.OPS, "killed", Nothing, "Killed", False, "The kill switch as it stands"),
)
"""Of a gateway that trades."""
