"""The errors a user of marketbus can meet. Each carries fields and a sentence that says what to do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marketbus.domain.order import Order


class MarketBusError(Exception):
    """Root of every error that marketbus raises on purpose."""

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint


class ConfigError(MarketBusError):
    """The configuration is wrong; `key` names the place."""

    code = "config"

    def __init__(self, key: str, message: str, hint: str = "") -> None:
        super().__init__(f"{key}: {message}", hint)
        self.key = key


class SymbolError(MarketBusError):
    """A text that is neither an instrument nor a pattern."""

    code = "bad_symbol"


class UnknownInstrument(MarketBusError):
    """No gateway carries the instrument; `suggestions` are near names that exist."""

    code = "unknown_instrument"

    def __init__(self, symbol: str, suggestions: Sequence[str] = (), hint: str = "see `marketbus contracts`") -> None:
        hint = f"did you mean {', '.join(suggestions)}?" if suggestions else hint
        super().__init__(f"no gateway carries {symbol}", hint)
        self.symbol = symbol
        self.suggestions = tuple(suggestions)


class AmbiguousGateway(MarketBusError):
    """Several gateways carry the instrument and none was named."""

    code = "ambiguous_gateway"

    def __init__(self, symbol: str, gateways: Sequence[str]) -> None:
        hint = 'name one: gateway="...", or prefer some, best first: connect(preferred=[...]) or MARKETBUS_PREFERRED'
        super().__init__(f"{symbol} is carried by {', '.join(gateways)}", hint)
        self.symbol = symbol
        self.gateways = tuple(gateways)


class UnknownGateway(MarketBusError):
    """No live gateway of that name on the bus."""

    code = "unknown_gateway"

    def __init__(self, gateway: str, live: Sequence[str] = ()) -> None:
        super().__init__(f"no live gateway {gateway!r}", f"live: {', '.join(live) or 'none'}")
        self.gateway = gateway
        self.live = tuple(live)


class GatewayError(MarketBusError):
    """The venue or its SDK failed in a way that the caller should know."""

    code = "gateway"


class NotSupported(MarketBusError):
    """The gateway does not declare this capability."""

    code = "not_supported"


class BadRequest(MarketBusError):
    """A request on the bus that does not fit its schema."""

    code = "bad_request"


class BadPayload(MarketBusError):
    """Bytes off the bus that are not what their subject promises."""

    code = "bad_payload"


class BusUnavailable(MarketBusError):
    """NATS cannot be reached, or nobody answered in time."""

    code = "unavailable"


class NotPermitted(MarketBusError):
    """The user we are on the bus may not do this; `subject` is what was asked for, `principal` who asked."""

    code = "not_permitted"

    def __init__(self, message: str, hint: str = "", *, subject: str = "", principal: str = "") -> None:
        super().__init__(message, hint)
        self.subject = subject
        self.principal = principal


class AmbiguousAccount(MarketBusError):
    """Several accounts trade on the bus and none was named; `accounts` are pairs of gateway and account."""

    code = "ambiguous_account"

    def __init__(self, accounts: Sequence[tuple[str, str]]) -> None:
        names = ", ".join("/".join(each) for each in accounts)
        super().__init__(f"several accounts trade: {names}", 'name one: gateway="...", account="..."')
        self.accounts = tuple(accounts)


class UnknownOrder(MarketBusError):
    """The account has no order of this id, ever."""

    code = "unknown_order"


class OrderDenied(MarketBusError):
    """We said no to an order or a cancel: it never reached the venue. `rule` says which of ours.

    `limit` and `value` are the rule's and what broke it; `order` is the order in state DENIED, None of a cancel.
    """

    code = "order_denied"

    def __init__(self, rule: str, message: str, hint: str = "", order: "Order | None" = None) -> None:
        super().__init__(message, hint)
        self.rule = rule
        self.order = order
        facts = {} if order is None else order.ext or {}
        self.limit = facts.get("limit")
        self.value = facts.get("value")


class OrderRejected(MarketBusError):
    """The venue said no: `error_id` and `words` are its own, with what helps; `order` is the order as it stands."""

    code = "order_rejected"

    def __init__(self, order: "Order") -> None:
        super().__init__(order.error_msg or "the venue rejected the order / 柜台拒单")
        self.order = order
        self.error_id = order.error_id
        self.words = order.error_msg


class ModifyRejected(MarketBusError):
    """Other terms were asked for and are not had: `order` is the order as it stands.

    `error_id` and `words` are the venue's, if it said any.
    """

    code = "modify_rejected"

    def __init__(self, order: "Order") -> None:
        super().__init__(order.error_msg or f"the order was not modified, it is {order.state} / 改单未成功")
        self.order = order
        self.error_id = order.error_id
        self.words = order.error_msg


class NotSent(MarketBusError):
    """The SDK did not take an order or a cancel: it certainly did not reach the venue."""

    code = "not_sent"


class OutcomeUnknown(MarketBusError):
    """What became of a request is not known; look the order up by its id, do not send it again under another."""

    code = "outcome_unknown"

    def __init__(self, message: str, hint: str = "", client_order_id: str = "") -> None:
        super().__init__(message, hint)
        self.client_order_id = client_order_id
