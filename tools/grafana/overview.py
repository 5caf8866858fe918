"""Is all well?"""

from tools.grafana.panels import (
    GREEN,
    NONE_IS_GOOD,
    RED,
    Json,
    alerts,
    dashboard,
    lines,
    quantiles,
    rate,
    stat,
    table,
    target,
)


def overview() -> Json:
    """Green, or not."""
    columns = {
        "ready 就绪": "marketbus_ready",
        "market open 开市": "marketbus_market_open",
        "differs 不符": "marketbus_ready_differences",
        "ticks/s 笔/秒": "sum by (gateway) (rate(marketbus_ticks_total[1m]))",
        "last tick, s ago 最近行情": "time() - marketbus_last_tick_timestamp_seconds",
        "subscribed 已订阅": 'sum by (gateway) (marketbus_subscriptions{state="acknowledged"})',
        "wanted 应订阅": 'sum by (gateway) (marketbus_subscriptions{state="requested"})',
        "starts 启动次数": "marketbus_worker_starts_total",
        "NATS": "marketbus_nats_connected",
    }
    return dashboard(
        "marketbus-overview",
        "marketbus: overview 总览",
        [
            (
                4,
                [
                    stat(
                        "Gateways ready 就绪接口",
                        "count(marketbus_ready == 1) or vector(0)",
                        "See `marketbus health`.",
                        steps=((None, RED), (1, GREEN)),
                    ),
                    stat(
                        "Not ready while open 开市未就绪",
                        "count(marketbus_ready == 0 and marketbus_market_open == 1) or vector(0)",
                        "Gateways whose market trades now and that are not ready.",
                        steps=NONE_IS_GOOD,
                    ),
                    stat(
                        "Workers that do not report 无报告进程",
                        "count(marketbus_worker_reporting == 0) or vector(0)",
                        "Down, frozen or given up.",
                        steps=NONE_IS_GOOD,
                    ),
                    stat(
                        "Kill switch 紧急停止",
                        "sum(marketbus_kill_switch) or vector(0)",
                        "Accounts whose new orders are denied until `marketbus release`.",
                        steps=NONE_IS_GOOD,
                    ),
                    stat(
                        "Journals in trouble 交易日志异常",
                        "count(marketbus_journal_writable == 0) or vector(0)",
                        "New orders of these accounts are denied.",
                        steps=NONE_IS_GOOD,
                    ),
                    stat(
                        "Off NATS 与 NATS 断开",
                        "count(marketbus_nats_connected == 0) or vector(0)",
                        "Workers without a connection.",
                        steps=NONE_IS_GOOD,
                    ),
                ],
            ),
            (8, [table("Gateways 接口", columns, "One row each; 1 is yes.")]),
            (
                8,
                [
                    lines(
                        "Ticks per second 行情速率",
                        [target(rate("marketbus_ticks_total", "", "gateway"), "{{gateway}}")],
                        "Published or dropped.",
                        stack=True,
                    ),
                    lines(
                        "Ticks lost per second 丢失行情",
                        [
                            target(
                                rate("marketbus_ticks_dropped_total", "", "gateway", "cause"),
                                "{{gateway}} dropped: {{cause}}",
                            ),
                            target(
                                rate("marketbus_client_missed_ticks_total", "", "gateway"),
                                "{{gateway}} missed by clients",
                            ),
                        ],
                        "Given up before NATS, and missed by clients as they report it.",
                    ),
                ],
            ),
            (
                8,
                [
                    quantiles(
                        "SDK to client 到客户端时延",
                        "marketbus_tick_to_client_seconds",
                        "",
                        "As clients report it; the clocks of both machines are in it.",
                        by="gateway",
                    ),
                    lines(
                        "Orders per second 委托速率",
                        [
                            target(
                                rate("marketbus_orders_ended_total", "", "gateway", "account", "state"),
                                "{{gateway}}/{{account}} {{state}}",
                            ),
                            target(
                                rate("marketbus_orders_denied_total", "", "gateway", "account"),
                                "{{gateway}}/{{account}} DENIED",
                            ),
                        ],
                        "By how they ended; details on the orders board.",
                    ),
                ],
            ),
            (6, [alerts("Alerts that fire 告警", "See docs/operations for each.")]),
        ],
    )
