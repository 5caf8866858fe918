"""A venue that lists what it is asked for: asked once per login, by clients too, and again when it did not answer."""

import asyncio
from collections.abc import Sequence

import pytest

from marketbus.domain.errors import GatewayError
from marketbus.domain.instrument import Pattern
from marketbus.domain.session import Channel, SessionState
from marketbus.ports.gateway import Capability, Found, SessionChanged, Unlisted
from tests.unit.application.fakes import FakeGateway, FakeState, contract
from tests.unit.application.test_host import Bench, until

ES, AAPL, WRONG = "ESZ7.CME", "AAPL.SMART", "APPL.SMART"
LISTED = (ES, "ESH8.CME", AAPL)


class OnRequest(FakeGateway):
    """Has a few contracts, and answers unless it is told not to."""

    capabilities = FakeGateway.capabilities | {Capability.LISTS_ON_REQUEST}

    def __init__(self) -> None:
        super().__init__()
        self.looked_up: list[list[str]] = []
        self.mute = False
        self.hold = asyncio.Event()
        self.hold.set()

    async def look_up(self, patterns: Sequence[Pattern]) -> Found:
        self.looked_up.append([each.text for each in patterns])
        await self.hold.wait()
        if self.mute:
            raise GatewayError("no answer")
        found = {name for name in LISTED for each in patterns if each.matches(contract(name).instrument)}
        unlisted = [each for each in patterns if not any(each.matches(contract(name).instrument) for name in LISTED)]
        return Found(
            tuple(contract(name) for name in sorted(found)),
            tuple(Unlisted(each, (AAPL,), "no such contract") for each in unlisted),
        )


def bench(*pins: str, state: FakeState | None = None) -> tuple[Bench, OnRequest]:
    it = Bench(*pins, state=state)
    gateway = OnRequest()
    it.gateway = gateway
    return it, gateway


def login(it: Bench, *states: SessionState) -> None:
    for state in states or (SessionState.CONNECTING, SessionState.READY):
        it.host.event(SessionChanged(Channel.MD, state))


def asked(gateway: OnRequest) -> list[list[str]]:
    return [names for what, names in gateway.asked if what == "subscribe"]


async def test_what_is_pinned_is_asked_for_before_it_is_subscribed_to() -> None:
    it, gateway = bench(AAPL, "ES*.CME", WRONG)
    async with it.running():
        login(it)
        await until(lambda: bool(asked(gateway)))
    assert gateway.looked_up == [sorted([AAPL, "ES*.CME", WRONG])]
    assert asked(gateway) == [sorted(LISTED)]
    assert it.log.codes.count("pin.unmatched") == 1
    assert {each.vt_symbol for each in it.state.contracts} == set(LISTED)
    (unmatched,) = it.host.subscriptions.coverage([WRONG]).unmatched
    assert unmatched.suggestions == (AAPL,)


async def test_each_login_asks_once_and_a_lease_for_itself() -> None:
    it, gateway = bench(AAPL)
    async with it.running():
        login(it)
        await until(lambda: len(asked(gateway)) == 1)
        it.service.subscribe("me", [ES], 60.0)
        await until(lambda: len(asked(gateway)) == 2)
        it.service.subscribe("you", [ES], 60.0)
        login(it, SessionState.DISCONNECTED, SessionState.CONNECTING, SessionState.READY)
        await until(lambda: len(asked(gateway)) == 3)
    assert gateway.looked_up == [[AAPL], [ES], [AAPL, ES]]
    assert asked(gateway) == [[AAPL], [ES], [AAPL, ES]]


async def test_a_clients_question_lists_and_subscribes_to_nothing() -> None:
    it, gateway = bench(AAPL)
    async with it.running():
        login(it)
        await until(lambda: bool(asked(gateway)))
        await it.service.look_up(["ES*.CME", AAPL])
        assert [each.vt_symbol for each in it.service.contracts(["ES*.CME"])] == ["ESH8.CME", ES]
    assert gateway.looked_up == [[AAPL], ["ES*.CME"]]
    assert asked(gateway) == [[AAPL]]


async def test_a_long_answer_is_there_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketbus.application.service.LOOK_UP", 0.01)
    it, gateway = bench(AAPL)
    async with it.running():
        login(it)
        await until(lambda: bool(asked(gateway)))
        gateway.hold.clear()
        await it.service.look_up(["ES*.CME"])
        assert not list(it.service.contracts(["ES*.CME"]))
        gateway.hold.set()
        await until(lambda: len(list(it.service.contracts(["ES*.CME"]))) == 2)
    assert gateway.looked_up == [[AAPL], ["ES*.CME"]]


@pytest.mark.usefixtures("hurried")
async def test_a_venue_that_does_not_answer_is_asked_again_and_what_is_known_is_subscribed_meanwhile() -> None:
    state = FakeState()
    state.contracts = [contract(AAPL)]
    it, gateway = bench(AAPL, ES, state=state)
    gateway.mute = True
    async with it.running():
        login(it)
        await until(lambda: bool(asked(gateway)))
        assert asked(gateway) == [[AAPL, ES]]  # taken at their word: the gateway says what it thinks of it
        await it.service.look_up(["ESH8.CME"])  # ends without a word
        gateway.mute = False
        await until(lambda: ES in {each.vt_symbol for each in it.host.book})
    assert "md.not_listed" in it.log.codes


async def test_a_login_that_ends_while_the_venue_is_asked_subscribes_to_nothing() -> None:
    it, gateway = bench(AAPL)
    gateway.hold.clear()
    async with it.running():
        login(it)
        await until(lambda: bool(gateway.looked_up))
        login(it, SessionState.DISCONNECTED)
        gateway.hold.set()
        await until(lambda: it.host.subscriptions.contracts_complete)
        assert not asked(gateway)
        login(it)
        await until(lambda: bool(asked(gateway)))
    assert asked(gateway) == [[AAPL]]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketbus.application.host.SWEEP", 0.01)
