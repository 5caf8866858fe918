"""Every subject of the wire has a rule, and exactly the roles that need it."""

import inspect
from collections.abc import Iterable, Sequence

import pytest

from marketbus.domain.instrument import Exchange, Instrument, Pattern
from marketbus.wire import rpc, subjects, td_rpc
from marketbus.wire.asyncapi import document
from marketbus.wire.permits import VERBS, Grant, Role, grant
from marketbus.wire.rpc import Group, Verb

ONE = Instrument("rb2701", Exchange.SHFE)
PEOPLE = {Role.CONSUMER, Role.TRADER, Role.OPERATOR}
DESK = {Role.TRADER, Role.OPERATOR}
ALL_VERBS: Sequence[Verb] = (*rpc.VERBS, *td_rpc.TD_VERBS)

SPOKEN: dict[str, tuple[list[str], set[Role]]] = {
    # function of wire.subjects: (what it makes, who may listen); gateways alone publish these
    "tick": ([subjects.tick("ctp", ONE)], PEOPLE | {Role.GATEWAY}),
    "tick_wildcard": (
        [subjects.tick_wildcard("*", Pattern(each)) for each in ("rb*.SHFE", "*", "rb2701.SHFE")],
        PEOPLE,
    ),
    "contract": ([subjects.contract("ctp", ONE)], PEOPLE),
    "order": ([subjects.order("ctp", "main", ONE)], DESK),
    "trade": ([subjects.trade("ctp", "main", ONE)], DESK),
    "position": ([subjects.position("ctp", "main", ONE)], DESK),
    "account": ([subjects.account("ctp", "main")], DESK),
    "td_wildcard": (
        [subjects.td_wildcard(kind, "ctp", "main", Pattern("*")) for kind in ("order", "trade", "position")],
        DESK,
    ),
    "status": ([subjects.status("ctp")], PEOPLE | {Role.GATEWAY}),
    "log": ([subjects.log("ctp", "INFO")], {Role.OPERATOR}),
}  # fmt: skip
ASKED = {"rpc", "td_rpc"}
PRIVATE = {"inbox"}
TOKENS = {"decode_token"}

MAY_ASK: dict[str, set[Role]] = {
    "md.status": PEOPLE | {Role.GATEWAY},
    **{f"md.{verb.name}": PEOPLE for verb in rpc.VERBS if verb.group is Group.MD and verb.name != "status"},
    "td.send_order": {Role.TRADER},
    "td.send_bracket": {Role.TRADER},
    "td.what_if": {Role.TRADER},
    "td.modify_order": {Role.TRADER},
    "td.control": {Role.TRADER},
    **{
        f"td.{name}": DESK
        for name in (
            "cancel_order",
            "cancel_all",
            "order",
            "orders",
            "trades",
            "positions",
            "account",
            "head",
            "events",
            "tally",
            "risk",
            "rates",
            "settlement",
            "settlement_days",
        )
    },
    **{f"ops.{name}": {Role.OPERATOR} for name in ("pin", "unpin", "reconnect", "kill", "release", "tighten_risk")},
    "ops.killed": DESK,
}


def user(role: Role) -> Grant:
    """What a user called li has with one role, on one gateway and one account."""
    return grant([role], "li", ["ctp"], ["main"])


def covers(patterns: Iterable[str], subject: str) -> bool:
    """Whether one of the patterns covers a subject, wildcards of the subject included, as nats-server has it."""
    return any(_covers(pattern.split("."), subject.split(".")) for pattern in patterns)


def _covers(pattern: list[str], subject: list[str]) -> bool:
    for number, token in enumerate(pattern):
        if token == ">":
            return len(subject) > number
        if number >= len(subject) or subject[number] == ">" or token not in ("*", subject[number]):
            return False
    return len(pattern) == len(subject)


def request_subject(verb: Verb, gateway: str = "ctp", account: str = "main", principal: str = "li") -> str:
    if verb.group is Group.TD:
        return subjects.td_rpc(gateway, account, verb.name, principal)
    return subjects.rpc(gateway, verb.group, verb.name, principal if verb.group is Group.OPS else None)


def test_every_subject_of_the_wire_is_judged_here() -> None:
    made = {
        name
        for name, each in inspect.getmembers(subjects, inspect.isfunction)
        if each.__module__ == subjects.__name__ and not name.startswith("_")
        and inspect.signature(each).return_annotation is str
    }  # fmt: skip
    assert made == SPOKEN.keys() | ASKED | PRIVATE | TOKENS


def test_every_channel_of_the_published_schema_is_judged_here() -> None:
    known = [subject for made, _ in SPOKEN.values() for subject in made] + [request_subject(verb) for verb in ALL_VERBS]
    filled = {"gateway": "ctp", "account": "main", "principal": "li"}
    filled |= {"exchange": "SHFE", "symbol": "rb2701", "level": "INFO"}
    for channel in document("0")["channels"].values():
        assert channel["address"].format(**filled) in known, channel["address"]


@pytest.mark.parametrize("role", Role)
def test_who_may_listen_and_who_may_speak(role: Role) -> None:
    given = user(role)
    for name, (made, listeners) in SPOKEN.items():
        for subject in made:
            assert covers(given.subscribe, subject) == (role in listeners), (name, subject)
            if "*" not in subject and ">" not in subject:
                assert covers(given.publish, subject) == (role is Role.GATEWAY), (name, subject)


@pytest.mark.parametrize("verb", ALL_VERBS, ids=lambda verb: f"{verb.group}.{verb.name}")
def test_every_verb_has_exactly_the_roles_that_need_it(verb: Verb) -> None:
    assert (verb.group, verb.name) in VERBS, "a new verb: say in wire.permits who may use it"
    asked = {role for role in Role if covers(user(role).publish, request_subject(verb))}
    assert asked == MAY_ASK[f"{verb.group}.{verb.name}"]
    assert covers(user(Role.GATEWAY).subscribe, request_subject(verb, principal="*"))
    for role in PEOPLE:
        assert not covers(user(role).subscribe, request_subject(verb))


def test_no_rule_is_left_of_a_verb_that_is_gone() -> None:
    assert VERBS.keys() == {(verb.group, verb.name) for verb in ALL_VERBS}


@pytest.mark.parametrize("verb", ALL_VERBS, ids=lambda verb: f"{verb.group}.{verb.name}")
def test_nobody_asks_under_another_name_or_on_another_place(verb: Verb) -> None:
    for role in Role:
        given = user(role)
        if verb.group is not Group.MD:
            assert not covers(given.publish, request_subject(verb, principal="wang"))
            assert not covers(given.publish, request_subject(verb, gateway="ctp2"))
        if verb.group is Group.TD:
            assert not covers(given.publish, request_subject(verb, account="other"))


@pytest.mark.parametrize("role", Role)
def test_replies_are_private_and_no_role_covers_everything(role: Role) -> None:
    given = user(role)
    assert covers(given.subscribe, f"{subjects.inbox('li')}.x")
    for subject in (f"{subjects.inbox('wang')}.x", "_INBOX.>", ">", "*", "$SYS.>", "$JS.API.>", "$KV.>"):
        assert not covers(given.subscribe, subject), subject
        assert not covers(given.publish, subject), subject


@pytest.mark.parametrize("role", Role)
def test_between_own_processes_only_where_it_was_given(role: Role) -> None:
    without, with_it = user(role), grant([role], "li", ["ctp"], ["main"], ipc=True)
    for subject in ("ipc.pub.alerts", "ipc.rpc.risk.limit"):
        assert covers(with_it.publish, subject)
        assert not covers(without.publish, subject)
    assert covers(with_it.subscribe, "ipc.rpc.li.limit")
    assert not covers(with_it.subscribe, "ipc.rpc.risk.limit")


def test_several_roles_add_up_and_all_places_are_a_wildcard() -> None:
    both = grant([Role.TRADER, Role.OPERATOR], "li")
    assert covers(both.publish, subjects.td_rpc("any", "other", "send_order", "li"))
    assert covers(both.publish, subjects.rpc("any", "ops", "kill", "li"))
    assert not covers(both.publish, subjects.rpc("any", "ops", "kill", "wang"))
