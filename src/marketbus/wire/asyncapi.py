"""The published schema: an AsyncAPI 3 document made from the code, so that it cannot say anything else."""

from inspect import cleandoc
from typing import Any

import msgspec

from marketbus.domain.account import Account
from marketbus.domain.bar import Bar
from marketbus.domain.calendar_table import CalendarTable
from marketbus.domain.contract import Contract
from marketbus.domain.history import Progress
from marketbus.domain.instrument import Exchange
from marketbus.domain.order import Order
from marketbus.domain.position import Position
from marketbus.domain.preview import OrderPreview
from marketbus.domain.risk.report import RiskReport
from marketbus.domain.status import GatewayStatus, LogRecord
from marketbus.domain.subscription import Coverage, Interest
from marketbus.domain.tick import Tick, TickFlag
from marketbus.domain.trade import Trade
from marketbus.wire import rpc, td_rpc

_TD = ("gateway", "account", "exchange", "symbol")
_SUBJECTS: dict[str, tuple[type[msgspec.Struct], str, tuple[str, ...]]] = {
    "md.tick.{gateway}.{exchange}.{symbol}": (Tick, "Ticks of one instrument", ("gateway", "exchange", "symbol")),
    "ref.contract.{gateway}.{exchange}.{symbol}": (
        Contract,
        "A contract that is new or changed",
        ("gateway", "exchange", "symbol"),
    ),
    "td.order.{gateway}.{account}.{exchange}.{symbol}": (Order, "Every change of an order", _TD),
    "td.trade.{gateway}.{account}.{exchange}.{symbol}": (Trade, "Every fill, once", _TD),
    "td.position.{gateway}.{account}.{exchange}.{symbol}": (Position, "A position that changed", _TD),
    "td.account.{gateway}.{account}": (Account, "An account's funds, when they change", ("gateway", "account")),
    "sys.gateway.{gateway}": (GatewayStatus, "A gateway's status, on change and four times a second", ("gateway",)),
    "sys.log.{gateway}.{level}": (LogRecord, "Log records", ("gateway", "level")),
}

_STREAMED: tuple[type[msgspec.Struct], ...] = (Bar, Progress)
"""Payloads that come as answers only."""
_REPLIES: dict[str, type[msgspec.Struct]] = {
    "CalendarTable": CalendarTable,
    "Coverage": Coverage,
    "Interest": Interest,
    "Pinned": rpc.Pinned,
    "Renewed": rpc.Renewed,
    "Asked": td_rpc.Asked,
    "JournalHead": td_rpc.JournalHead,
    "Killed": td_rpc.Killed,
    "OrderPreview": OrderPreview,
    "RiskReport": RiskReport,
    "Controlled": td_rpc.Controlled,
    "KnownRates": td_rpc.KnownRates,
    "SettlementPart": td_rpc.SettlementPart,
    "SettlementDays": td_rpc.SettlementDays,
}
_VERBS = (*rpc.VERBS, *td_rpc.TD_VERBS)

_ABOUT = """\
Market data and trading on NATS. Payloads are MessagePack arrays: element 0 is the tag, then the fields in the order of
`prefixItems` (index given by `x-index`). Trailing fields may be absent (their defaults apply) and further ones may
follow: ignore what you do not know. Integers reach 64 bits (times in nanoseconds since 1970 UTC): use a 64-bit integer
type. Subject tokens keep `A-Z a-z 0-9 _ -`; every other byte of their UTF-8 is `%XX`.
Every `td.*` payload carries the position that it has in the journal of its account.
RPC requests and replies are JSON objects; an error carries the header `Nats-Service-Error` and a `Fault` body.
Streamed replies are one message per item and end with an empty message.
"""


def document(version: str) -> dict[str, Any]:
    """The whole document as plain data."""
    payloads = [*(payload for payload, _, _ in _SUBJECTS.values()), *_STREAMED]
    requests = {verb.request for verb in _VERBS}
    kinds = [*payloads, *sorted(requests, key=lambda kind: kind.__name__), *_REPLIES.values(), rpc.Fault]
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    for schema in schemas.values():
        if "description" in schema:  # a docstring; Python 3.13 takes its indentation away, earlier ones leave it
            schema["description"] = cleandoc(schema["description"])
    for payload in payloads:
        schemas[payload.__name__] = _array(payload, schemas[payload.__name__])
    channels: dict[str, Any] = {_name(subject): _channel(subject, *about) for subject, about in _SUBJECTS.items()}
    operations: dict[str, Any] = {
        f"receive{payload.__name__}": {"action": "receive", "channel": {"$ref": f"#/channels/{_name(subject)}"}}
        for subject, (payload, _, _) in _SUBJECTS.items()
    }
    for verb in _VERBS:
        name = f"{verb.group}_{verb.name}"
        channels[name] = _verb_channel(verb)
        operations[name] = {
            "action": "send",
            "summary": verb.summary,
            "channel": {"$ref": f"#/channels/{name}"},
            "reply": {"address": {"location": "$message.header#/reply"}},
            "x-reply": verb.reply,
            "x-reply-stream": verb.stream,
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "marketbus", "version": version, "description": _ABOUT, "license": {"name": "MIT"}},
        "defaultContentType": "application/vnd.msgpack",
        "channels": channels,
        "operations": operations,
        "components": {
            "schemas": dict(sorted(schemas.items())),
        },
        "x-tick-flags": {flag.name: int(flag) for flag in TickFlag},
        "x-exchanges": [str(exchange) for exchange in Exchange],
    }


def _array(payload: type[msgspec.Struct], schema: dict[str, Any]) -> dict[str, Any]:
    items = schema["prefixItems"]
    tag, fields = items[0], items[1:]
    named = [{"title": "tag", "x-index": 0, **tag}]
    for index, (name, item) in enumerate(zip(payload.__struct_fields__, fields, strict=True), start=1):
        named.append({"title": name, "x-index": index, **item})
    return {**schema, "prefixItems": named}


def _name(subject: str) -> str:
    return subject.split(".{", maxsplit=1)[0].replace(".", "_")


def _channel(subject: str, payload: type[msgspec.Struct], summary: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "address": subject,
        "summary": summary,
        "parameters": {name: {} for name in names},
        "messages": {payload.__name__: {"payload": {"$ref": f"#/components/schemas/{payload.__name__}"}}},
    }


def _verb_channel(verb: rpc.Verb) -> dict[str, Any]:
    account = ".{account}" if verb.group is rpc.Group.TD else ""
    principal = "" if verb.group is rpc.Group.MD else ".{principal}"
    address = f"rpc.{{gateway}}.{verb.group}{account}.{verb.name}{principal}"
    names = [name for name in ("gateway", "account", "principal") if f"{{{name}}}" in address]
    return {
        "address": address,
        "parameters": {name: {} for name in names},
        "messages": {
            verb.request.__name__: {
                "contentType": "application/json",
                "payload": {"$ref": f"#/components/schemas/{verb.request.__name__}"},
            }
        },
    }
