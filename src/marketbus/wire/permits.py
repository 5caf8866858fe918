"""Who may do what on the bus: for each role the subjects it may publish to and listen on, as NATS permissions."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import product

import msgspec

from marketbus.wire.rpc import SERVICE, Group
from marketbus.wire.subjects import encode_token


class Role(StrEnum):
    """What a user of the bus is there for; a user may have several."""

    CONSUMER = "consumer"
    """Market data, contracts, states of gateways."""
    TRADER = "trader"
    """A consumer who sends orders, under its own name, on its accounts."""
    OPERATOR = "operator"
    """A consumer who pins, reconnects, kills, and sees and cancels orders, but sends none."""
    GATEWAY = "gateway"
    """The workers of some gateways, and nobody else's."""


class Grant(msgspec.Struct, frozen=True):
    """Subjects, with wildcards. Whoever asks is answered wherever its reply subject is."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


_PEOPLE = (Role.CONSUMER, Role.TRADER, Role.OPERATOR)
_DESK = (Role.TRADER, Role.OPERATOR)
_OPERATOR = (Role.OPERATOR,)
_GATEWAY = (Role.GATEWAY,)

VERBS: Mapping[tuple[Group, str], tuple[Role, ...]] = {
    (Group.MD, "status"): (*_PEOPLE, Role.GATEWAY),  # without JetStream a worker asks whether its name is taken
    (Group.MD, "subscribe"): _PEOPLE,
    (Group.MD, "renew"): _PEOPLE,
    (Group.MD, "unsubscribe"): _PEOPLE,
    (Group.MD, "subscriptions"): _PEOPLE,
    (Group.MD, "snapshot"): _PEOPLE,
    (Group.MD, "contracts"): _PEOPLE,
    (Group.MD, "calendar"): _PEOPLE,
    (Group.MD, "query_history"): _PEOPLE,
    (Group.TD, "send_order"): (Role.TRADER,),
    (Group.TD, "send_bracket"): (Role.TRADER,),
    (Group.TD, "what_if"): (Role.TRADER,),
    (Group.TD, "modify_order"): (Role.TRADER,),
    (Group.TD, "control"): (Role.TRADER,),
    (Group.TD, "cancel_order"): _DESK,
    (Group.TD, "cancel_all"): _DESK,
    (Group.TD, "order"): _DESK,
    (Group.TD, "orders"): _DESK,
    (Group.TD, "trades"): _DESK,
    (Group.TD, "positions"): _DESK,
    (Group.TD, "account"): _DESK,
    (Group.TD, "head"): _DESK,
    (Group.TD, "events"): _DESK,
    (Group.TD, "tally"): _DESK,
    (Group.TD, "rates"): _DESK,
    (Group.TD, "settlement"): _DESK,
    (Group.TD, "settlement_days"): _DESK,
    (Group.TD, "risk"): _DESK,
    (Group.OPS, "tighten_risk"): _OPERATOR,
    (Group.OPS, "pin"): _OPERATOR,
    (Group.OPS, "unpin"): _OPERATOR,
    (Group.OPS, "reconnect"): _OPERATOR,
    (Group.OPS, "kill"): _OPERATOR,
    (Group.OPS, "release"): _OPERATOR,
    (Group.OPS, "killed"): _DESK,
}
"""A verb that is missing here is nobody's."""

_PUBLISH: Mapping[str, tuple[Role, ...]] = {
    "md.tick.{gateway}.>": _GATEWAY,
    "ref.contract.{gateway}.>": _GATEWAY,
    "td.order.{gateway}.>": _GATEWAY,
    "td.trade.{gateway}.>": _GATEWAY,
    "td.position.{gateway}.>": _GATEWAY,
    "td.account.{gateway}.*": _GATEWAY,
    "sys.gateway.{gateway}": _GATEWAY,
    "sys.log.{gateway}.*": _GATEWAY,
    f"$SRV.INFO.{SERVICE}": _PEOPLE,  # which gateways are there
    "$SRV.>": _OPERATOR,  # `nats micro ls / info / stats`
}
_SUBSCRIBE: Mapping[str, tuple[Role, ...]] = {
    "md.tick.>": _PEOPLE,
    "md.tick.{gateway}.>": _GATEWAY,  # `marketbus up` says when the first tick came
    "ref.contract.>": _PEOPLE,
    "td.order.{gateway}.{account}.>": _DESK,
    "td.trade.{gateway}.{account}.>": _DESK,
    "td.position.{gateway}.{account}.>": _DESK,
    "td.account.{gateway}.{account}": _DESK,
    "sys.gateway.*": _PEOPLE,
    "sys.gateway.{gateway}": _GATEWAY,  # without JetStream a worker listens for a newer one of its name
    "sys.log.*.*": _OPERATOR,
    "rpc.{gateway}.>": _GATEWAY,
    **{
        f"$SRV.{verb}{whose}": _GATEWAY
        for verb in ("PING", "INFO", "STATS")
        for whose in ("", f".{SERVICE}", f".{SERVICE}.*")
    },
}
_IPC_PUBLISH = ("ipc.pub.>", "ipc.rpc.>")
_IPC_SUBSCRIBE = ("ipc.pub.>", "ipc.rpc.{principal}.>")


def grant(
    roles: Iterable[Role],
    principal: str,
    gateways: Sequence[str] = ("*",),
    accounts: Sequence[str] = ("*",),
    *,
    ipc: bool = False,
) -> Grant:
    """What a user may do.

    Args:
        roles: at least one.
        principal: the user's name: it stands in the subjects of its orders, and its replies come below its inbox.
        gateways: on which a trader trades and an operator operates, or which a gateway is; `*` stands for all.
        accounts: aliases of those accounts of these gateways that a trader or an operator deals with.
        ipc: may use `marketbus.ipc`, as the node of its own name.
    """
    wanted = frozenset(roles)
    me = encode_token(principal)
    publish = [subject for subject, allowed in {**_PUBLISH, **_verbs()}.items() if wanted & set(allowed)]
    subscribe = [f"_INBOX.{me}.>", *(subject for subject, allowed in _SUBSCRIBE.items() if wanted & set(allowed))]
    if ipc:
        publish += _IPC_PUBLISH
        subscribe += _IPC_SUBSCRIBE
    places = [(_token(gateway), _token(account)) for gateway, account in product(gateways, accounts)]

    def filled(templates: list[str]) -> tuple[str, ...]:
        every = (
            template.format(gateway=gateway, account=account, principal=me)
            for template in templates
            for gateway, account in places
        )
        return tuple(dict.fromkeys(every))

    return Grant(filled(publish), filled(subscribe))


def _verbs() -> dict[str, tuple[Role, ...]]:
    """Subjects of requests. Market data may be asked of every gateway; a worker asks those of its own names only."""
    found: dict[str, tuple[Role, ...]] = {}
    for (group, name), roles in VERBS.items():
        match group:
            case Group.MD:
                found[f"rpc.*.md.{name}"] = tuple(role for role in roles if role is not Role.GATEWAY)
                if Role.GATEWAY in roles:
                    found[f"rpc.{{gateway}}.md.{name}"] = _GATEWAY
            case Group.TD:
                found[f"rpc.{{gateway}}.td.{{account}}.{name}.{{principal}}"] = roles
            case Group.OPS:
                found[f"rpc.{{gateway}}.ops.{name}.{{principal}}"] = roles
    return found


def _token(name: str) -> str:
    return "*" if name == "*" else encode_token(name)
