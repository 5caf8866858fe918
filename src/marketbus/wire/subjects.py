"""Subjects on the bus, and the tokens they are made of."""

from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from marketbus.domain.errors import BadPayload
from marketbus.domain.instrument import Exchange, Instrument, Pattern

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@lru_cache(maxsize=65_536)
def encode_token(text: str) -> str:
    """Any non-empty text as one subject token: `A-Z a-z 0-9 _ -` stay, every other byte of its UTF-8 becomes %XX."""
    if not text:
        raise ValueError("a subject token cannot be empty")
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode())


def decode_token(token: str) -> str:
    """The inverse of `encode_token`.

    Raises:
        BadPayload: not a token of ours.
    """
    try:
        text = unquote(token, errors="strict")
        if encode_token(text) == token:
            return text
    except (UnicodeDecodeError, UnicodeEncodeError, ValueError):
        pass
    raise BadPayload(f"{token[:80]!r} is not a subject token")


def tick(gateway: str, instrument: Instrument) -> str:
    """`md.tick.<gateway>.<exchange>.<symbol>`."""
    return f"md.tick.{encode_token(gateway)}.{instrument.exchange}.{encode_token(instrument.symbol)}"


def tick_wildcard(gateway: str, pattern: Pattern) -> str:
    """The narrowest subject that NATS can express and that covers the pattern; `*` as gateway covers all."""
    token = "*" if gateway == "*" else encode_token(gateway)
    if pattern.instrument is not None:
        return f"md.tick.{token}.{pattern.instrument.exchange}.{encode_token(pattern.instrument.symbol)}"
    return f"md.tick.{token}.{pattern.exchange or '*'}.*"


def contract(gateway: str, instrument: Instrument) -> str:
    """`ref.contract.<gateway>.<exchange>.<symbol>`."""
    return f"ref.contract.{encode_token(gateway)}.{instrument.exchange}.{encode_token(instrument.symbol)}"


def order(gateway: str, account: str, instrument: Instrument) -> str:
    """`td.order.<gateway>.<account>.<exchange>.<symbol>`."""
    return _td("order", gateway, account, instrument)


def trade(gateway: str, account: str, instrument: Instrument) -> str:
    """`td.trade.<gateway>.<account>.<exchange>.<symbol>`."""
    return _td("trade", gateway, account, instrument)


def position(gateway: str, account: str, instrument: Instrument) -> str:
    """`td.position.<gateway>.<account>.<exchange>.<symbol>`."""
    return _td("position", gateway, account, instrument)


def account(gateway: str, account: str) -> str:
    """`td.account.<gateway>.<account>`; pass `*` for all."""
    return f"td.account.{_token(gateway)}.{_token(account)}"


def td_wildcard(kind: Literal["order", "trade", "position"], gateway: str, account: str, pattern: Pattern) -> str:
    """The narrowest subject that covers the pattern; `*` as gateway or account covers all."""
    head = f"td.{kind}.{_token(gateway)}.{_token(account)}"
    if pattern.instrument is not None:
        return f"{head}.{pattern.instrument.exchange}.{encode_token(pattern.instrument.symbol)}"
    return f"{head}.{pattern.exchange or '*'}.*"


def _td(kind: str, gateway: str, account: str, instrument: Instrument) -> str:
    place = f"{instrument.exchange}.{encode_token(instrument.symbol)}"
    return f"td.{kind}.{encode_token(gateway)}.{encode_token(account)}.{place}"


def _token(name: str) -> str:
    return "*" if name == "*" else encode_token(name)


def status(gateway: str) -> str:
    """`sys.gateway.<gateway>`; pass `*` for all."""
    return f"sys.gateway.{'*' if gateway == '*' else encode_token(gateway)}"


def log(gateway: str, level: str) -> str:
    """`sys.log.<gateway>.<level>`."""
    return f"sys.log.{encode_token(gateway)}.{level}"


def rpc(gateway: str, group: str, verb: str, principal: str | None = None) -> str:
    """`rpc.<gateway>.<group>.<verb>[.<principal>]`; the `ops` group carries the principal."""
    subject = f"rpc.{encode_token(gateway)}.{group}.{verb}"
    return subject if principal is None else f"{subject}.{'*' if principal == '*' else encode_token(principal)}"


def td_rpc(gateway: str, account: str, verb: str, principal: str) -> str:
    """`rpc.<gateway>.td.<account>.<verb>.<principal>`; pass `*` as principal to answer all."""
    return f"rpc.{encode_token(gateway)}.td.{encode_token(account)}.{verb}.{_token(principal)}"


def inbox(principal: str) -> str:
    """`_INBOX.<principal>`: replies to a principal come below it, and nobody else may listen there."""
    return f"_INBOX.{encode_token(principal)}"


_ROOTS = ("md", "ref", "td", "sys", "rpc")


def is_ours(subject: str) -> bool:
    """Whether a subject is one that the bus speaks on: no reply belongs there."""
    return subject.partition(".")[0] in _ROOTS


def parse_tick(subject: str) -> tuple[str, Instrument]:
    """Gateway and instrument of a tick's subject.

    Raises:
        BadPayload: another kind of subject.
    """
    parts = subject.split(".")
    if len(parts) != 5 or parts[:2] != ["md", "tick"]:
        raise BadPayload(f"{subject[:80]!r} is not a tick subject")
    return decode_token(parts[2]), Instrument(decode_token(parts[4]), Exchange(parts[3]))
