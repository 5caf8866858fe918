"""What operators read."""

from collections import Counter

from marketbus.application.alerts.triage import Triage
from marketbus.application.alerts.words import LISTED, Words
from marketbus.domain.alert import RULES, Alert, Severity
from marketbus.domain.readiness import Difference
from tests.unit.application.alerts.told import Hands, record

KILL = Alert("kill.on", "ctp", Severity.CRITICAL, 1_795_267_200_000_000_000, {"principal": "li", "orders": 3})


def test_one_alert_in_both_languages() -> None:
    assert Words("both", "host1").one(KILL) == (
        "marketbus [严重 CRITICAL] ctp",
        (
            "li 触发紧急停止：拒绝新委托，正在撤销 3 笔活动委托\n"
            "KILL by li: new orders are denied, 3 open orders are being cancelled\n"
            "2026-11-21 21:20:00 · host1 · kill.on"
        ),
    )


def test_a_simulated_gateway_is_labelled_and_what_differs_is_listed() -> None:
    more = (Difference("ready.no_contracts"), Difference("ready.unmatched", {"pattern": "rb*.SHFE"}))
    alert = Alert(
        "gateway.not_ready", "lab", Severity.CRITICAL, 0, {"opens": "21:00", "count": 2}, more=more, simulated=True
    )
    title, body = Words("zh", "h").one(alert)
    assert title == "marketbus [严重] lab 仿真"
    assert body.splitlines()[:3] == [
        "尚未就绪，开盘时间 21:00，有 2 处不符：", "- 尚无合约信息", "- 固定订阅 rb*.SHFE 没有匹配的合约",
    ]  # fmt: skip
    assert Words("en", "h").one(alert).title == "marketbus [CRITICAL] lab SIMULATED"


def test_the_end_says_how_long_it_lasted_and_what_got_lost_before() -> None:
    over = Alert("kill.released", "ctp", Severity.CRITICAL, 0, {"principal": "li"}, lasted=61.4, times=4)
    title, body = Words("en", "h").one(over, missed=2)
    assert title == "marketbus [RESOLVED] ctp"
    assert body.splitlines()[1:4] == [
        "it lasted 61 s", "4 times since it was last told", "2 alerts before did not arrive",
    ]  # fmt: skip


def test_a_flood_is_one_page_with_the_worst_first_and_numbers_of_the_rest() -> None:
    alerts = [Alert("order.unknown", "ctp", Severity.WARNING, 0, {"order": str(n), "why": "?"}) for n in range(30)]
    text = Words("en", "h").many([*alerts, KILL], Counter({"order.misfit": 500}))
    lines = text.body.splitlines()
    assert text.title == "marketbus [CRITICAL] 531 alerts"
    assert "KILL by li" in lines[0]
    assert len(lines) == LISTED + 2
    assert lines[LISTED] == "and order.misfit ×500, order.unknown ×21"


def test_every_message_of_the_table_can_be_told_even_without_its_facts() -> None:
    for tongue in ("en", "zh", "both"):
        for code in RULES:
            bare = Alert(code, "ctp", Severity.INFO, 0, {}, words="as logged")
            assert Words(tongue, "h").one(bare).body.splitlines()[0]


def test_a_record_in_another_language_still_reads() -> None:
    alert = Triage(Hands()).take(record("supervisor.worker_final", "supervisor", worker="ctp", how="exit code 64"))
    assert alert is not None
    assert "工作进程 ctp 已退出（exit code 64），不再重启" in Words("zh", "h").one(alert).body
