"""What an order would cost: the venue is asked, and nothing is sent, reserved or written down."""

from msgspec.structs import replace

from marketbus.application.trading.desk import OrderDesk
from marketbus.application.trading.ledger import Ledger
from marketbus.application.trading.market_view import MarketView
from marketbus.domain.errors import BadRequest, NotSupported
from marketbus.domain.order_request import MAX_VALIDITY, OrderRequest, is_late
from marketbus.domain.preview import OrderPreview
from marketbus.domain.times import NS
from marketbus.ports.clock import Clock
from marketbus.ports.trading import PreviewsOrders, VenueFacts


class Previews:
    """Of one account; also while orders are denied."""

    def __init__(self, ledger: Ledger, desk: OrderDesk, gateway: VenueFacts, market: MarketView, clock: Clock) -> None:
        self._ledger = ledger
        self._desk = desk
        self._gateway = gateway
        self._market = market
        self._clock = clock

    async def what_if(self, request: OrderRequest) -> OrderPreview:
        """The venue's figures, and whether one of our rules would say no.

        Raises:
            NotSupported: the venue does not say.
            BadRequest: the request is late, or valid for too long.
            NotSent: there is no trading session, or the venue has no such order.
            GatewayError: the venue would refuse it, in its words; or it did not answer.
        """
        if not isinstance(self._gateway, PreviewsOrders):
            raise NotSupported(f"{self._ledger.name.gateway} cannot say what an order would cost")
        now = self._clock.now()
        if is_late(request.valid_until, now):
            raise BadRequest("valid_until: the question came too late", "ask again")
        if request.valid_until > now + MAX_VALIDITY:
            raise BadRequest(f"valid_until: more than {MAX_VALIDITY // NS} s ahead", "is the clock right?")
        order = request.order(now, self._ledger.trading_day)
        found = await self._gateway.what_if(order)
        verdict = self._desk.refusal() or self._ledger.risk.verdict(
            order, self._market.market(order.instrument), self._clock.now()
        )
        funds = self._ledger.funds
        return replace(
            found,
            currency=found.currency or ("" if funds is None else funds.currency),
            denied_by="" if verdict is None else verdict.rule,
            denied_words="" if verdict is None else str(verdict.words),
        )
