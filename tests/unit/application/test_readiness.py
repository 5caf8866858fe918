"""The report before a session, and the fresh login that comes before it."""

from datetime import datetime

from marketbus.adapters.hours import cn_hours
from marketbus.application.fresh_logins import FreshLogins
from marketbus.application.readiness import ReadinessReport
from marketbus.domain.calendar import TradingCalendar
from marketbus.domain.instrument import parse_instrument
from marketbus.domain.market_calendar import MarketCalendar
from marketbus.domain.message import SENTENCES, say
from marketbus.domain.schedule import Schedule
from marketbus.domain.session import Channel, SessionState
from marketbus.domain.times import from_datetime, to_datetime
from marketbus.domain.trading_hours import TradingHours
from marketbus.ports.gateway import SessionChanged, SubscriptionAnswered
from tests.unit.application.test_host import Bench, until

DAYS = TradingCalendar(lambda _: False)
MARKET = MarketCalendar(DAYS, TradingHours(cn_hours()))


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


class Evening(Bench):
    """A gateway at 20:46 of a Thursday."""

    def __init__(self, *pins: str) -> None:
        super().__init__(*pins)
        self.gateway.market_clock.ns = at("2026-11-19T20:46:00")
        self.report = ReadinessReport(self.host, self.gateway, MARKET, self.log)

    def differs(self) -> list[str]:
        for each in self.report.now().differs:
            for lang in ("en", "zh"):
                assert "?" not in say(each.code, lang, each.fields)
        return [each.code for each in self.report.now().differs]


async def test_it_names_what_differs_until_nothing_does() -> None:
    async with Evening("rb2701.SHFE", "zz*.SHFE").running() as bench:
        assert isinstance(bench, Evening)
        assert bench.differs() == ["ready.session", "ready.no_contracts", "ready.unacknowledged"]
        bench.login()
        bench.contracts("rb2701.SHFE")
        await until(lambda: bench.differs() == ["ready.unacknowledged", "ready.unmatched"])
        bench.host.subscriptions.wishes.unpin("zz*.SHFE")
        bench.host.event(SubscriptionAnswered(parse_instrument("rb2701.SHFE"), ok=True))
        await until(lambda: bench.report.now().ready)
        opens = bench.report.now().opens
        assert opens is not None
        assert f"{to_datetime(opens):%Y-%m-%d %H:%M}" == "2026-11-19 20:55"
        assert bench.reporter.status().readiness == bench.report.now()
        turned: list[int] = []
        bench.report.turned = lambda: turned.append(bench.log.codes.count("gateway.ready"))
        for _ in range(3):
            bench.report.look()
        assert bench.log.codes.count("gateway.ready") == 1
        bench.host.event(SessionChanged(Channel.MD, SessionState.DISCONNECTED))
        await until(lambda: not bench.report.now().ready)
        bench.report.look()
        assert turned == [0, 1], "before it is said, and when it is lost"


async def test_five_minutes_before_the_opening_it_is_said_that_something_differs() -> None:
    async with Evening("rb2701.SHFE", "rb2705.SHFE").running() as bench:
        assert isinstance(bench, Evening)
        bench.contracts("rb2701.SHFE", "rb2705.SHFE")
        bench.login()
        await until(lambda: bool(bench.gateway.asked))
        bench.host.event(SubscriptionAnswered(parse_instrument("rb2701.SHFE"), ok=True))
        await until(lambda: bench.differs() == ["ready.unacknowledged"])
        bench.report.look()
        assert "gateway.not_ready" not in bench.log.codes, "ten minutes are left"
        bench.gateway.market_clock.ns = at("2026-11-19T20:51:00")
        for _ in range(3):
            bench.report.look()
        assert bench.log.codes.count("gateway.not_ready") == 1
        bench.host.event(SubscriptionAnswered(parse_instrument("rb2705.SHFE"), ok=True))
        await until(lambda: bench.report.now().ready)
        bench.report.look()
        assert bench.log.codes[-1] == "gateway.ready"


async def test_a_trading_session_counts_only_where_one_is_configured() -> None:
    async with Evening().running() as bench:
        assert isinstance(bench, Evening)
        bench.contracts("rb2701.SHFE")
        bench.login()
        await until(lambda: bench.differs() == [])
        bench.host.event(SessionChanged(Channel.TD, SessionState.CONNECTING, front="tcp://127.0.0.1:1"))
        await until(lambda: bench.differs() == ["ready.session"])


async def test_a_fresh_login_comes_with_the_schedule_and_the_markets_clock() -> None:
    bench = Evening()
    logins = FreshLogins(bench.host, bench.gateway, DAYS, Schedule.CN_FUTURES, bench.log)
    logins.look()
    bench.gateway.market_clock.ns = at("2026-11-20T08:44:59")
    logins.look()
    assert not bench.host.ended.done()
    bench.gateway.market_clock.ns = at("2026-11-20T08:45:00")
    logins.look()
    assert bench.host.ended.result() == "schedule"
    assert "gateway.scheduled_login" in bench.log.codes


async def test_a_market_clock_that_was_set_back_starts_the_schedule_anew() -> None:
    bench = Evening()
    logins = FreshLogins(bench.host, bench.gateway, DAYS, Schedule.CN_FUTURES, bench.log)
    logins.look()
    bench.gateway.market_clock.ns = at("2026-11-12T09:30:00")
    logins.look()
    bench.gateway.market_clock.ns = at("2026-11-12T20:45:30")
    logins.look()
    assert bench.host.ended.done()


def test_every_sentence_of_the_report_exists() -> None:
    assert {"gateway.ready", "gateway.not_ready", "gateway.scheduled_login", "ready.silent"} <= SENTENCES.keys()
