"""`marketbus positions` and `account`: what the desks have, without asking the counter."""

import marketbus
from marketbus.apps.board.trading import account_line, position_line
from marketbus.apps.cli.options import Json, Url
from marketbus.apps.cli.order import Account, Gateway
from marketbus.apps.cli.principal import principal
from marketbus.apps.cli.run import run
from marketbus.apps.cli.show import show


def positions(gateway: Gateway = None, account: Account = None, url: Url = None, as_json: Json = False) -> None:
    """Positions held, or traded today, of every account that trades."""

    async def work() -> list[marketbus.Position]:
        async with marketbus.connect(url, principal=principal()) as bus:
            return await bus.positions(gateway=gateway, account=account)

    show(run(work()), position_line, as_json=as_json, nothing="no positions")


def account(gateway: Gateway = None, account: Account = None, url: Url = None, as_json: Json = False) -> None:
    """Funds of every account that trades."""

    async def work() -> list[marketbus.Account]:
        async with marketbus.connect(url, principal=principal()) as bus:
            if gateway is not None or account is not None:
                return [await bus.account(gateway=gateway, account=account)]
            desks = await bus.accounts()
            if not desks:
                return [await bus.account()]  # says why there is none
            return [await bus.account(gateway=desk.gateway, account=desk.account) for desk in desks]

    show(run(work()), account_line, as_json=as_json)
