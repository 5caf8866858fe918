"""What is wrong with one gateway?"""

from tools.grafana.panels import (
    BLUE,
    GREEN,
    GREY,
    NONE_IS_GOOD,
    ONE,
    RED,
    YELLOW,
    Json,
    dashboard,
    lines,
    quantiles,
    rate,
    stat,
    target,
    timeline,
)

_STATES = {
    0.0: ("DISCONNECTED", RED),
    1.0: ("CONNECTING", YELLOW),
    2.0: ("AUTHENTICATING", YELLOW),
    3.0: ("SYNCING", BLUE),
    4.0: ("READY", GREEN),
    5.0: ("STALE", RED),
    6.0: ("WAITING", GREY),
    7.0: ("FAILED", RED),
}


def _session(channel: str) -> str:
    """The state as a number, see _STATES."""
    selector = f'gateway=~"$gateway", channel="{channel}"'
    told = (
        f'{number:g} * sum by (gateway) (marketbus_session_state{{{selector}, state="{state}"}})'
        for number, (state, _) in _STATES.items()
        if number
    )
    return " + ".join(told)


def gateway() -> Json:
    """One gateway, from the venue to its clients."""
    return dashboard(
        "marketbus-gateway",
        "marketbus: gateway 接口",
        [
            (
                6,
                [
                    timeline(
                        "Market data session 行情会话",
                        [target(_session("md"), "{{gateway}}")],
                        "Where the session stands.",
                        _STATES,
                    ),
                    timeline(
                        "Trading session 交易会话",
                        [target(_session("td"), "{{gateway}}")],
                        "READY once orders are taken.",
                        _STATES,
                    ),
                ],
            ),
            (
                4,
                [
                    stat(
                        "Ready 就绪",
                        f"marketbus_ready{ONE}",
                        "`marketbus ready` says what differs.",
                        said={0: ("NO", RED), 1: ("YES", GREEN)},
                    ),
                    stat(
                        "Market 市场",
                        f"marketbus_market_open{ONE}",
                        "As far as trading hours are known.",
                        said={0: ("closed 休市", GREY), 1: ("open 开市", GREEN)},
                    ),
                    stat(
                        "Opens in 距开盘",
                        f"marketbus_market_opens_timestamp_seconds{ONE} - time()"
                        f" - marketbus_market_clock_ahead_seconds{ONE}",
                        "In the market's time.",
                        unit="s",
                    ),
                    stat(
                        "Last tick ago 最近行情",
                        f"time() - marketbus_last_tick_timestamp_seconds{ONE}",
                        "Seconds since the newest tick was received.",
                        unit="s",
                    ),
                    stat(
                        "Silent 静默合约",
                        'marketbus_subscriptions{gateway=~"$gateway", state="silent"}',
                        "Instruments mute while their market is open.",
                        steps=NONE_IS_GOOD,
                    ),
                    stat(
                        "Buffered 待发",
                        f"marketbus_buffered_bytes{ONE}",
                        "Ticks that wait for NATS.",
                        unit="bytes",
                        steps=((None, GREEN), (1_000_000, YELLOW), (6_000_000, RED)),
                    ),
                ],
            ),
            (
                8,
                [
                    lines(
                        "Ticks per second 行情速率",
                        [target(rate("marketbus_ticks_total", ONE, "gateway"), "{{gateway}}")],
                        "Numbered.",
                    ),
                    lines(
                        "Lost, rejected, failed 丢弃、拒收、错误",
                        [
                            target(rate("marketbus_ticks_dropped_total", ONE, "cause"), "dropped {{cause}}"),
                            target(rate("marketbus_ticks_rejected_total", ONE, "cause"), "rejected {{cause}}"),
                            target(rate("marketbus_errors_total", ONE, "cause"), "error {{cause}}"),
                            target(rate("marketbus_client_gaps_total", ONE, "cause"), "gap {{cause}}"),
                        ],
                        "Per second, by cause.",
                    ),
                    lines(
                        "Subscriptions 订阅",
                        [
                            target(f"sum by (state) (marketbus_subscriptions{ONE})", "{{state}}"),
                            target(f"sum(marketbus_leases{ONE})", "leases"),
                        ],
                        "Instruments, and leases of clients.",
                    ),
                ],
            ),
            (
                8,
                [
                    quantiles(
                        "Venue to us 柜台到本机",
                        "marketbus_tick_from_venue_seconds",
                        ONE,
                        "The exchange's stamp to received.",
                    ),
                    quantiles("Us to NATS 本机到 NATS", "marketbus_tick_to_bus_seconds", ONE, "Received to written."),
                    quantiles(
                        "Us to clients 本机到客户端", "marketbus_tick_to_client_seconds", ONE, "As clients report it."
                    ),
                ],
            ),
            (
                8,
                [
                    quantiles(
                        "Event loop lag 事件循环延迟",
                        "marketbus_event_loop_lag_seconds",
                        ONE,
                        "Late beyond 100 ms: orders wait too.",
                    ),
                    lines(
                        "CPU",
                        [
                            target(rate("marketbus_cpu_seconds_total", ONE, "gateway"), "{{gateway}}"),
                            target(rate("marketbus_gc_seconds_total", ONE, "gateway"), "{{gateway}} in GC"),
                        ],
                        "Cores used.",
                        unit="percentunit",
                    ),
                    lines(
                        "Memory 内存",
                        [target(f"marketbus_memory_bytes{ONE}", "{{gateway}}")],
                        "Resident.",
                        unit="bytes",
                    ),
                    lines(
                        "Processes 进程",
                        [
                            target(f"marketbus_worker_starts_total{ONE}", "starts"),
                            target(f"sum by (how) (marketbus_worker_ends_total{ONE})", "ended: {{how}}"),
                            target(f"marketbus_nats_reconnects_total{ONE}", "NATS reconnects"),
                            target(f"sum by (channel) (marketbus_session_logins_total{ONE})", "logins {{channel}}"),
                        ],
                        "Since the supervisor, or the worker, began.",
                    ),
                ],
            ),
        ],
        {"gateway": "label_values(marketbus_worker_running, gateway)"},
    )
