"""What about the orders of an account?"""

from tools.grafana.panels import (
    ACCOUNT,
    GREEN,
    NONE_IS_GOOD,
    RED,
    YELLOW,
    Json,
    dashboard,
    lines,
    quantiles,
    rate,
    stat,
    target,
)


def orders() -> Json:
    """The order path of an account."""
    return dashboard(
        "marketbus-orders",
        "marketbus: orders 委托",
        [
            (
                4,
                [
                    stat(
                        "Kill switch 紧急停止",
                        f"marketbus_kill_switch{ACCOUNT}",
                        "Pulled: new orders are denied.",
                        said={0: ("off", GREEN), 1: ("PULLED 已触发", RED)},
                    ),
                    stat(
                        "Journal 交易日志",
                        f"marketbus_journal_writable{ACCOUNT}",
                        "Not writable: new orders are denied.",
                        said={0: ("NOT WRITABLE", RED), 1: ("ok", GREEN)},
                    ),
                    stat("Active orders 活动委托", f"sum(marketbus_orders_active{ACCOUNT}) or vector(0)", "Not over."),
                    stat(
                        "Outcome unknown 结果未知",
                        'sum(marketbus_orders_active{gateway=~"$gateway", account=~"$account", state="UNKNOWN"})'
                        " or vector(0)",
                        "The venue is being asked; they are never sent again.",
                        steps=NONE_IS_GOOD,
                    ),
                    stat(
                        "Fills 成交笔数",
                        f"sum(marketbus_order_fills_total{ACCOUNT}) or vector(0)",
                        "Since the worker began.",
                    ),
                    stat(
                        "Contradictions 不符回报",
                        f"sum(marketbus_order_misfits_total{ACCOUNT}) or vector(0)",
                        "Words of the venue that do not fit; the venue is asked.",
                        steps=((None, GREEN), (1, YELLOW)),
                    ),
                ],
            ),
            (
                8,
                [
                    lines(
                        "Orders ended per second 委托结束",
                        [
                            target(rate("marketbus_orders_ended_total", ACCOUNT, "state"), "{{state}}"),
                            target(rate("marketbus_order_cancels_total", ACCOUNT), "cancels sent"),
                        ],
                        "By final state.",
                    ),
                    lines(
                        "Denied per second 风控拒单",
                        [target(rate("marketbus_orders_denied_total", ACCOUNT, "rule"), "{{rule}}")],
                        "By the rule that said no.",
                        stack=True,
                    ),
                    lines(
                        "Active by state 活动委托",
                        [target(f"sum by (state) (marketbus_orders_active{ACCOUNT})", "{{state}}")],
                        "Not over.",
                        stack=True,
                    ),
                ],
            ),
            (
                8,
                [
                    quantiles(
                        "Steps 各步耗时",
                        "marketbus_order_step_seconds",
                        ACCOUNT,
                        "journal: request to written; sdk: the call; venue: to its first word.",
                        by="step",
                    ),
                    quantiles(
                        "Journal commit 日志提交",
                        "marketbus_journal_commit_seconds",
                        ACCOUNT,
                        "fsync included: the disk.",
                    ),
                    lines(
                        "Journal 交易日志",
                        [
                            target(f"marketbus_journal_waiting{ACCOUNT}", "{{account}} waiting"),
                            target(rate("marketbus_journal_position", ACCOUNT, "account"), "{{account}} entries/s"),
                        ],
                        "Appends that wait, and entries per second.",
                    ),
                ],
            ),
            (
                6,
                [
                    lines(
                        "Journal size 日志大小",
                        [target(f"marketbus_journal_bytes{ACCOUNT}", "{{gateway}}/{{account}}")],
                        "On disk.",
                        unit="bytes",
                    )
                ],
            ),
        ],
        {
            "gateway": "label_values(marketbus_worker_running, gateway)",
            "account": "label_values(marketbus_journal_writable, account)",
        },
    )
