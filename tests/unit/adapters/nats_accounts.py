"""Operator, account and user for a nats-server in operator mode: JWTs as NATS signs them (ed25519-nkey)."""

import base64
import json
import os
from typing import Any

import nkeys


def key(prefix: int) -> tuple[nkeys.KeyPair, str, bytes]:
    """A fresh key pair, its public key, its seed."""
    seed: bytes = nkeys.encode_seed(os.urandom(32), prefix)
    pair = nkeys.from_seed(bytearray(seed))
    return pair, pair.public_key.decode(), seed


def user_key() -> tuple[str, bytes]:
    """Public key and seed of a user."""
    _, public, seed = key(nkeys.PREFIX_BYTE_USER)
    return public, seed


def operator_mode() -> tuple[str, str]:
    """The server's configuration, and the text of a user's creds file."""
    operator, operator_id, _ = key(nkeys.PREFIX_BYTE_OPERATOR)
    account, account_id, _ = key(nkeys.PREFIX_BYTE_ACCOUNT)
    _, user_id, seed = key(nkeys.PREFIX_BYTE_USER)
    unlimited = {"subs": -1, "data": -1, "payload": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1}
    storage = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1, "wildcards": True}
    operator_jwt = _jwt(operator, operator_id, operator_id, "operator", {})
    account_jwt = _jwt(operator, operator_id, account_id, "account", {"limits": unlimited | storage})
    user_jwt = _jwt(account, account_id, user_id, "user", {"subs": -1, "data": -1, "payload": -1})
    config = f"operator: {operator_jwt}\nresolver: MEMORY\nresolver_preload: {{ {account_id}: {account_jwt} }}\n"
    creds = _armour("NATS USER JWT", user_jwt) + _armour("USER NKEY SEED", seed.decode())
    return config, creds


def _jwt(signer: nkeys.KeyPair, issuer: str, subject: str, kind: str, nats: dict[str, Any]) -> str:
    claims = {
        "jti": os.urandom(8).hex(),
        "iat": 1_700_000_000,
        "iss": issuer,
        "sub": subject,
        "name": kind,
        "nats": {**nats, "type": kind, "version": 2},
    }
    head = _part({"typ": "JWT", "alg": "ed25519-nkey"}) + "." + _part(claims)
    return head + "." + base64.urlsafe_b64encode(signer.sign(head.encode())).decode().rstrip("=")


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _armour(what: str, text: str) -> str:
    return f"-----BEGIN {what}-----\n{text}\n------END {what}------\n\n"
