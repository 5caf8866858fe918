"""The users of the bus as nats-server's configuration has them."""

from collections.abc import Iterable

import msgspec

from marketbus.adapters.nats import journal_heads, name_bucket
from marketbus.wire.permits import Grant, Role, grant

ANSWER_WITHIN = "1m"
"""How long after a request a reply may go out: the last message of a long stream."""


class User(msgspec.Struct, frozen=True):
    """Who, and with which key."""

    name: str
    nkey: str
    """Public key, `U...`."""
    roles: tuple[Role, ...]
    gateways: tuple[str, ...] = ("*",)
    accounts: tuple[str, ...] = ("*",)
    ipc: bool = False


def permissions(user: User) -> Grant:
    """What the user's connections may publish and hear, with what JetStream asks of a worker."""
    given = grant(user.roles, user.name, user.gateways, user.accounts, ipc=user.ipc)
    if Role.GATEWAY not in user.roles:
        return given
    return Grant((*given.publish, *_jetstream(user.gateways)), given.subscribe)


def _jetstream(gateways: Iterable[str]) -> list[str]:
    """The lease of the name and the head of the journal: to be read, and written under the gateway's own keys."""
    subjects = ["$JS.API.INFO"]
    for bucket in (name_bucket.BUCKET, journal_heads.BUCKET):
        stream = f"KV_{bucket}"
        subjects += [
            f"$JS.API.STREAM.INFO.{stream}",
            f"$JS.API.STREAM.CREATE.{stream}",
            f"$JS.API.STREAM.MSG.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}.>",
            *(f"$KV.{bucket}.{name_bucket.key_of(gateway)}" for gateway in gateways),
        ]
    return subjects


def users_conf(users: Iterable[User]) -> str:
    """The file that nats-server's configuration includes in an account."""
    return "users: [\n" + "".join(_entry(user) for user in users) + "]\n"


def _entry(user: User) -> str:
    given = permissions(user)
    about = ", ".join(user.roles)
    where = f"gateways {' '.join(user.gateways)}; accounts {' '.join(user.accounts)}"
    answers = f'      allow_responses: {{ max: -1, expires: "{ANSWER_WITHIN}" }}\n'
    return (
        f"  {{ # {user.name}: {about}; {where}\n"
        f"    nkey: {user.nkey}\n"
        "    permissions: {\n"
        f"      publish: {{ allow: {_list(given.publish)} }}\n"
        f"      subscribe: {{ allow: {_list(given.subscribe)} }}\n"
        f"{answers if Role.GATEWAY in user.roles or user.ipc else ''}"
        "    }\n"
        "  }\n"
    )


def _list(subjects: Iterable[str]) -> str:
    return "[\n" + "".join(f'        "{subject}"\n' for subject in subjects) + "      ]"
