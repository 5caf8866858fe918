"""What marketbus tells its operators: a stable code and a sentence in Chinese and English.

Where vnpy has a sentence for the same event, the Chinese one is vnpy's own, so that users find what they know.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

Lang = Literal["en", "zh"]


class Bilingual(msgspec.Struct, frozen=True):
    """A phrase in both languages, for a place in a sentence; `str` gives both, for readers of unknown language."""

    english: str
    chinese: str

    def said(self, lang: Lang) -> str:
        """In one language."""
        return self.chinese if lang == "zh" else self.english

    def __str__(self) -> str:
        return self.english if self.english == self.chinese else f"{self.english} / {self.chinese}"


def reason(words: str, hint: Bilingual | None) -> Bilingual:
    """The venue's words, then what we know about them."""
    if hint is None:
        return Bilingual(words, words)
    return Bilingual(f"{words}; {hint.english}", f"{words}；{hint.chinese}") if words else hint


SENTENCES: dict[str, tuple[str, str]] = {
    # code: (English, Chinese)
    "md.connecting": ("connecting to the market data front {front}", "正在连接行情服务器 {front}"),
    "md.connected": ("market data front connected", "行情服务器连接成功"),
    "md.disconnected": ("market data front disconnected, reason {reason}", "行情服务器连接断开，原因{reason}"),
    "md.login": ("market data login succeeded, trading day {trading_day}", "行情服务器登录成功"),
    "md.login_failed": (
        "market data login failed: [{error}] {words}",
        "行情服务器登录失败，代码：{error}，信息：{words}",
    ),
    "md.connect_timeout": (
        "market data front {front} gave no answer within {seconds:g} s ({probe}); trying on",
        "行情服务器 {front} 在 {seconds:g} 秒内没有应答（{probe}），继续重试",
    ),
    "md.login_timeout": (
        "no answer to the market data login within {seconds:g} s; trying on",
        "行情服务器在 {seconds:g} 秒内没有应答登录请求，继续重试",
    ),
    "md.next_front": (
        "market data front {front}: {why}; the next one is {next}",
        "行情服务器 {front}：{why}，切换到 {next}",
    ),
    "md.no_front": (
        "none of the {count} market data fronts works; trying them in turn, the next in {seconds:g} s",
        "{count} 个行情服务器均不可用，轮流重试，{seconds:g} 秒后换下一个",
    ),
    "md.not_listed": (
        "the venue did not say which contracts it has: {words}; asked again soon",
        "未能取得合约信息：{words}，稍后重试",
    ),
    "md.subscribe_failed": (
        "subscription of {symbol} failed: [{error}] {words}",
        "行情订阅失败，合约：{symbol}，代码：{error}，信息：{words}",
    ),
    "md.error": ("market data error: [{error}] {words}", "行情接口报错，代码：{error}，信息：{words}"),
    "md.feed_refused": (
        "{symbol} goes on without {feed}: [{error}] {words}",
        "{symbol} 没有 {feed} 数据，其余照常，代码：{error}，信息：{words}",
    ),
    "ib.connected": (
        "TWS {address} took client {client_id}, account {accounts}",
        "TWS {address} 连接成功，客户号 {client_id}，账户 {accounts}",
    ),
    "ib.no_connection": ("no connection to TWS {front}: {why}; trying on", "无法连接 TWS {front}：{why}，继续重试"),
    "ib.notice": ("TWS says: [{error}] {words}", "TWS 通知，代码：{error}，信息：{words}"),
    "md.mute": (
        "the market data line has been silent for {seconds:g} s while the market is open; reconnecting",
        "开盘时段行情线路已静默 {seconds:g} 秒，正在重连",
    ),
    "md.speaks_again": ("the market data line speaks again", "行情线路恢复"),
    "md.instrument_silent": (
        "{symbol} has been silent for {seconds:g} s, after a steady flow; subscribing again",
        "{symbol} 行情连续推送后已静默 {seconds:g} 秒，正在重新订阅",
    ),
    "md.instrument_speaks": ("{symbol} speaks again", "{symbol} 行情恢复"),
    "td.connecting": ("connecting to the trading front {front}", "正在连接交易服务器 {front}"),
    "td.connected": ("trading front connected", "交易服务器连接成功"),
    "td.disconnected": ("trading front disconnected, reason {reason}", "交易服务器连接断开，原因{reason}"),
    "td.authenticated": ("trading authentication succeeded", "交易服务器授权验证成功"),
    "td.authenticate_failed": (
        "trading authentication failed: [{error}] {words}",
        "交易服务器授权验证失败，代码：{error}，信息：{words}",
    ),
    "td.login": ("trading login succeeded, trading day {trading_day}", "交易服务器登录成功"),
    "td.login_failed": ("trading login failed: [{error}] {words}", "交易服务器登录失败，代码：{error}，信息：{words}"),
    "td.login_timeout": (
        "no answer to the trading login within {seconds:g} s; trying on",
        "交易服务器在 {seconds:g} 秒内没有应答登录请求，继续重试",
    ),
    "td.query_timeout": (
        "no answer to the contract query within {seconds:g} s; asking again, market data goes on",
        "合约查询在 {seconds:g} 秒内没有应答，继续查询，行情不受影响",
    ),
    "td.settlement_confirmed": ("settlement confirmed", "结算信息确认成功"),
    "td.contracts": ("contract query succeeded: {count} contracts", "合约信息查询成功，共 {count} 个"),
    "td.error": ("trading error: [{error}] {words}", "交易接口报错，代码：{error}，信息：{words}"),
    "td.order_refused": (
        "order {id} refused: [{error}] {words}",
        "交易委托失败，委托：{id}，代码：{error}，信息：{words}",
    ),
    "td.cancel_refused": (
        "cancel of order {id} refused: [{error}] {words}",
        "交易撤单失败，委托：{id}，代码：{error}，信息：{words}",
    ),
    "td.modify_refused": (
        "modification of order {id} refused: [{error}] {words}",
        "交易改单失败，委托：{id}，代码：{error}，信息：{words}",
    ),
    "td.advice": (
        "the venue says of order {id}, which stands as it stood: [{error}] {words}",
        "柜台提示（委托 {id} 状态不变），代码：{error}，信息：{words}",
    ),
    "td.unreadable": (
        "{callback}: a record of {symbol} cannot be read: {detail}",
        "{callback}：合约 {symbol} 的一条记录无法解析：{detail}",
    ),
    "td.connect_timeout": (
        "trading front {front} gave no answer within {seconds:g} s ({probe}); trying on",
        "交易服务器 {front} 在 {seconds:g} 秒内没有应答（{probe}），继续重试",
    ),
    "gateway.accelerator": ("ticks are encoded and written by: {path}", "行情编码与发送：{path}"),
    "gateway.started": (
        "gateway {kind} started, SDK {sdk}, epoch {epoch}",
        "接口 {kind} 已启动，SDK {sdk}，世代 {epoch}",
    ),
    "gateway.silent": (
        "no contract, account, position or tick from the venue within {seconds:g} s; check addresses and account",
        "{seconds:g} 秒内柜台没有任何数据（合约、账户、持仓、行情），请检查地址和账户",
    ),
    "gateway.not_native": ("ticks go through Python: {why}", "行情改由 Python 处理：{why}"),
    "gateway.simulated": (
        "SIMULATED: this gateway runs against a simulated counter",
        "仿真：本接口连接的是模拟柜台，行情不是真实行情",
    ),
    "gateway.contracts_cached": ("{count} contracts from the cache of {day}", "从缓存读取合约 {count} 个（{day}）"),
    "gateway.stopping": ("gateway stopping", "接口正在停止"),
    "gateway.standby": (
        "another worker of this name is live on {host} (pid {pid}); waiting as standby",
        "同名接口已在 {host}（进程 {pid}）运行，本进程待命",
    ),
    "gateway.live": ("this worker is the live one of its name", "本进程成为该名称的主用进程"),
    "gateway.stepped_down": (
        "another worker took this gateway's name; stepping down",
        "同名接口已由其他进程接管，本进程退出",
    ),
    "gateway.hung": (
        "the SDK did not return from {call} within {seconds:g} s; the worker will be replaced",
        "SDK 调用 {call} 在 {seconds:g} 秒内没有返回，进程将被替换",
    ),
    "gateway.reconnect": (
        "reconnect asked for by {principal}; the worker will be replaced",
        "{principal} 要求重连，进程将被替换",
    ),
    "gateway.replace": (
        "the gateway asks for a fresh process: {reason}",
        "接口请求更换进程：{reason}",
    ),
    "gateway.scheduled_login": (
        "scheduled login of {at}: the worker will be replaced by a fresh one",
        "{at} 定时重新登录，进程将被替换",
    ),
    "gateway.ready": (
        "READY: {contracts} contracts, {acknowledged} of {requested} subscriptions acknowledged, opens {opens}",
        "开盘准备就绪：合约 {contracts} 个，订阅确认 {acknowledged}/{requested}，开盘时间 {opens}",
    ),
    "gateway.not_ready": (
        "NOT READY, the market opens {opens}; {count} things differ:",
        "尚未就绪，开盘时间 {opens}，有 {count} 处不符：",
    ),
    "ready.line": (
        "{gateway}: READY, opens {opens}, {acknowledged}/{requested} subscribed of {contracts} contracts",
        "{gateway}：就绪，开盘 {opens}，订阅确认 {acknowledged}/{requested}，合约 {contracts} 个",
    ),
    "ready.not_line": (
        "{gateway}: NOT READY, opens {opens}, {acknowledged}/{requested} subscribed of {contracts} contracts",
        "{gateway}：未就绪，开盘 {opens}，订阅确认 {acknowledged}/{requested}，合约 {contracts} 个",
    ),
    "ready.session": ("the {channel} session is {state}: {words}", "{channel} 会话状态为 {state}：{words}"),
    "ready.no_contracts": ("no contract is known yet", "尚无合约信息"),
    "ready.unacknowledged": (
        "{count} subscriptions are not acknowledged: {symbols}",
        "有 {count} 个订阅尚未确认：{symbols}",
    ),
    "ready.unmatched": ("pinned {pattern} matches no contract", "固定订阅 {pattern} 没有匹配的合约"),
    "ready.silent": (
        "{count} instruments are silent while their market is open: {symbols}",
        "有 {count} 个合约在开盘时段静默：{symbols}",
    ),
    "ready.not_live": ("no live worker of this name; start one: marketbus up", "没有运行中的接口，请先 marketbus up"),
    "ready.unknown": ("this worker does not report its readiness", "该进程不报告准备情况"),
    "health.ready": ("{gateway}: ready, opens {opens}", "{gateway}：就绪，开盘 {opens}"),
    "health.standby": ("{gateway}: standby, live on {live_at}", "{gateway}：待命，主用进程在 {live_at}"),
    "health.resting": (
        "{gateway}: resting, nothing to do before the market opens {opens}",
        "{gateway}：休市中，{opens} 开盘前无需处理",
    ),
    "health.not_ready": ("{gateway}: NOT READY, opens {opens}", "{gateway}：未就绪，开盘 {opens}"),
    "health.no_bus": (
        "the worker has no connection to NATS; it tries on by itself: look after nats-server",
        "工作进程与 NATS 的连接已断开，正在自动重连：请检查 nats-server",
    ),
    "health.journal": (
        "the order journal cannot be written, new orders are denied: look at the disk, `marketbus audit --verify`",
        "交易日志写不进去，新委托一律拒绝：请检查磁盘，执行 marketbus audit --verify",
    ),
    "health.killed": (
        "account {account}: the kill switch is pulled, new orders are denied until `marketbus release`",
        "账户 {account}：已触发紧急停止，拒绝新委托，直到执行 marketbus release",
    ),
    "health.given_up": (
        "the worker ended ({how}) and is not started again: correct the configuration, see `marketbus check`",
        "工作进程已退出（{how}），不再重启：请修改配置，执行 marketbus check 查看原因",
    ),
    "health.restarting": (
        "the worker does not run; start number {starts} failed, it is tried again",
        "工作进程没有运行，第 {starts} 次启动失败，正在重试",
    ),
    "health.mute": (
        "the worker runs but has not reported for {seconds} s (0: not yet)",
        "工作进程在运行，但已 {seconds} 秒没有报告（0 表示刚启动）",
    ),
    "health.reports": ("the worker reports again", "工作进程恢复报告"),
    "health.bus_back": ("the worker is connected to NATS again", "工作进程与 NATS 的连接已恢复"),
    "health.not_ready_long": (
        "NOT READY for {seconds} s while the market is open; {count} things differ:",
        "开盘时段已 {seconds} 秒未就绪，有 {count} 处不符：",
    ),
    "health.ready_again": ("ready again, or the market has closed", "恢复就绪，或已收盘"),
    "alerts.on": ("alerts go to {targets}", "告警发往 {targets}"),
    "alerts.not_sent": (
        "{count} alerts did not reach {target}: {why}; try `marketbus alerts test`",
        "{count} 条告警未能送达 {target}：{why}，可执行 marketbus alerts test 检查",
    ),
    "alerts.test": (
        "TEST by {user} on {host}: nothing is wrong, alerts reach this target",
        "测试消息（{user}@{host}）：一切正常，告警可以送达这里",
    ),
    "http.serving": ("health and metrics on http://{at}", "健康检查与指标：http://{at}"),
    "http.not_served": (
        "no health and metrics: cannot listen on {at}: {detail}; choose another [http] listen. Trading goes on",
        "健康检查与指标不可用：无法监听 {at}：{detail}，请修改 [http] listen。行情与交易不受影响",
    ),
    "gateway.not_kept": ("cannot keep {path}: {detail}", "无法保存 {path}：{detail}"),
    "gateway.illegal_transition": (
        "{channel} session: {then} cannot follow {now}; ignored",
        "{channel} 会话：{now} 之后不能是 {then}，已忽略",
    ),
    "gateway.callback_failed": (
        "SDK callback {callback} failed: {detail}",
        "SDK 回调 {callback} 处理失败：{detail}",
    ),
    "session.refused_before": (
        "{channel} session: the venue refused this setting at {at}; not tried again today",
        "{channel} 会话：柜台已在 {at} 拒绝过当前配置，当天不再尝试",
    ),
    "session.waiting": (
        "{channel} session: no login for now ({why}); trying again in {seconds:g} s",
        "{channel} 会话：暂时无法登录（{why}），{seconds:g} 秒后重试",
    ),
    "session.resting": (
        "{channel} session: no login for now ({why}); no session is near, trying again at {at}",
        "{channel} 会话：暂时无法登录（{why}），非交易时段，{at} 再试",
    ),
    "session.latched": (
        "{channel} session FAILED, not tried again today: {why}; mend the setting, or `marketbus reconnect {gateway}`",
        "{channel} 会话已失败，当天不再重试，以免账户被锁：{why}；处理后修改配置或执行 marketbus reconnect {gateway}",
    ),
    "tick.rejected": (
        "tick of {symbol} rejected: {cause} ({detail})",
        "行情被拒，合约：{symbol}，原因：{cause}（{detail}）",
    ),
    "tick.dropped": ("{count} ticks dropped: {cause}", "丢弃行情 {count} 笔，原因：{cause}"),
    "pin.unmatched": ("pinned {pattern} matches no contract{hint}", "固定订阅 {pattern} 没有匹配的合约{hint}"),
    "pin.added": ("{principal} pinned {patterns}", "{principal} 增加固定订阅 {patterns}"),
    "pin.removed": ("{principal} unpinned {patterns}", "{principal} 取消固定订阅 {patterns}"),
    "nats.connected": ("NATS connected: {server}", "NATS 连接成功：{server}"),
    "nats.disconnected": ("NATS disconnected; reconnecting", "NATS 连接断开，正在重连"),
    "nats.reconnected": ("NATS reconnected: {server}", "NATS 重新连接成功：{server}"),
    "nats.error": ("NATS error: {words}", "NATS 错误：{words}"),
    "nats.not_permitted": (
        "NATS does not let our user use {subject}: `marketbus permits` gives rights",
        "NATS 不允许本用户使用 {subject}：权限由 `marketbus permits` 分配",
    ),
    "nats.no_jetstream": (
        "NATS runs without JetStream: that one worker per gateway name is live rests on asking, not on a lease",
        "NATS 未启用 JetStream：同名接口只有一个主用，只能靠互相询问，没有租约保证",
    ),
    "nats.embedded": ("embedded NATS server on {url}", "内嵌 NATS 服务器 {url}"),
    "worker.failed": ("worker failed: {detail}", "工作进程出错：{detail}"),
    "state.damaged": ("{path} is damaged: {done}", "文件 {path} 已损坏：{done}"),
    "journal.unwritable": (
        "the order journal cannot be written, new orders are denied: {words} ({detail})",
        "交易日志写不进去，新委托一律拒绝：{words}（{detail}）",
    ),
    "journal.writable": (
        "the order journal is written again; new orders are taken",
        "交易日志恢复写入，可以下单",
    ),
    "calendar.unknown_year": (
        "the holidays of {year} are not known yet, only those the law dates count as closed: name them in [calendar]",
        "尚无 {year} 年的节假日安排，仅按周末和法定固定日期休市处理：可在 [calendar] 中补充",
    ),
    "rpc.failed": ("answering {verb} failed: {detail}", "处理请求 {verb} 时出错：{detail}"),
    "supervisor.worker_started": ("worker {worker} started, pid {pid}", "工作进程 {worker} 已启动，进程号 {pid}"),
    "supervisor.worker_ended": (
        "worker {worker} ended ({how}); starting it again in {seconds:.1f} s",
        "工作进程 {worker} 已退出（{how}），{seconds:.1f} 秒后重启",
    ),
    "supervisor.worker_final": (
        "worker {worker} ended ({how}) and will not be started again: {hint}",
        "工作进程 {worker} 已退出（{how}），不再重启：{hint}",
    ),
    "supervisor.stopping": ("stopping", "正在停止"),
    "supervisor.stopped": ("stopped", "已停止"),
    "supervisor.first_tick": ("first tick after {seconds:.2f} s", "启动后 {seconds:.2f} 秒收到第一笔行情"),
    "desk.syncing": (
        "trading day {day}: asking the venue for all orders, trades, positions and funds",
        "交易日 {day}：正在向柜台查询全部委托、成交、持仓和资金",
    ),
    "desk.ready": (
        "orders can be sent: {orders} orders and {trades} trades of the venue match the journal, {adopted} adopted",
        "可以下单：柜台的 {orders} 笔委托、{trades} 笔成交与日志相符，其中 {adopted} 笔为外部委托",
    ),
    "desk.lost": ("the trading session is gone; new orders are denied", "交易连接已断开，新委托一律拒绝"),
    "desk.books_incomplete": ("{words}; the venue is asked again", "柜台查询不完整：{words}，稍后重新查询"),
    "desk.journal_old": (
        "journal {standing} ({position}, announced {announced}): restore it, or set accept_journal = {announced}",
        "交易日志 {standing}（{position}，已公布 {announced}）：请换回较新的，或设 accept_journal = {announced}",
    ),
    "desk.journal_accepted": (
        "trading with a journal that is {standing} ({position}, announced {announced}), as accept_journal says",
        "按 accept_journal 的设置，用 {standing} 的日志（{position}，已公布 {announced}）继续交易",
    ),
    "control.lost": (
        "{principal} has not renewed its control: its {orders} open orders are being cancelled",
        "{principal} 没有按时续约，正在撤销它的 {orders} 笔活动委托",
    ),
    "desk.unreadable": (
        "the order journal cannot be read; trading waits for it: {detail}",
        "交易日志无法读取，交易暂停：{detail}",
    ),
    "desk.unwritten": (
        "the denial of {order} holds a text that cannot be written down",
        "委托 {order} 的拒单记录含有无法写入的文字",
    ),
    "bracket.incomplete": (
        "the bracket of order {order} is not whole: what is left of it at the venue is cancelled",
        "委托 {order} 所属的括号单不完整，柜台上剩余的委托将撤掉",
    ),
    "bracket.unprotected": (
        "order {order} is filled and its stop loss was refused: the position is not protected",
        "委托 {order} 已成交，但止损单被拒：持仓没有保护",
    ),
    "order.misfit": (
        "order {order}: {what} does not fit what is known ({why}); the venue is asked",
        "委托 {order}：{what} 与已知状态不符（{why}），正在向柜台查询",
    ),
    "order.unknown": (
        "order {order}: outcome not known ({why}); the venue is asked, it is not sent again",
        "委托 {order}：结果未知（{why}），正在向柜台查询，不会重发",
    ),
    "kill.on": (
        "KILL by {principal}: new orders are denied, {orders} open orders are being cancelled",
        "{principal} 触发紧急停止：拒绝新委托，正在撤销 {orders} 笔活动委托",
    ),
    "kill.flat": ("flat of orders: the venue has confirmed it", "柜台已确认：活动委托全部了结"),
    "kill.released": ("kill released by {principal}: orders are taken again", "{principal} 解除紧急停止，恢复下单"),
    "kill.cancel_failed": (
        "cancel of {order} did not go out: {words}; tried again",
        "委托 {order} 撤单未发出：{words}，将重试",
    ),
    "kill.waits": (
        "KILL by {principal} waits for worker {worker}, which does not answer: it takes effect when it starts",
        "{principal} 触发紧急停止，但工作进程 {worker} 没有应答：已写盘，进程一启动即生效",
    ),
    "kill.no_socket": (
        "no local kill switch at {path}: {detail}; over NATS it works",
        "本机急停通道 {path} 无法打开：{detail}；经 NATS 的急停不受影响",
    ),
    "desk.new_day": (
        "trading day {day} begins: counters at 0, positions of {before} are yesterday's",
        "进入交易日 {day}：计数清零，{before} 的持仓转为昨仓",
    ),
    "settlement.kept": ("settlement statement of {day} kept", "{day} 结算单已存档"),
    "settlement.not_kept": (
        "settlement statement of {day} cannot be kept: {detail}",
        "{day} 结算单无法存档：{detail}",
    ),
    "limits.tightened": ("{principal} tightened limits: {limits}", "{principal} 收紧了限额：{limits}"),
    "limits.tight": (
        "limits tightened while running are still in force: {limits}",
        "运行中收紧的限额仍然有效：{limits}",
    ),
    "limits.lifted": (
        "the configuration's limits were changed: those tightened while running are no longer in force: {limits}",
        "配置里的限额已修改，运行中收紧的限额不再有效：{limits}",
    ),
    # Why an order is denied: one for each rule of domain.risk, with its limit and the value that broke it.
    "risk.session": (
        "the trading session is {value}, orders can be sent when it is READY",
        "交易会话状态为 {value}，READY 之后才能下单",
    ),
    "risk.killed": (
        "the kill switch was pulled; `marketbus release` ends it",
        "紧急停止已触发，用 marketbus release 解除后才能下单",
    ),
    "risk.journal": ("the order journal cannot be written: {value}", "交易日志写不进去：{value}"),
    "risk.valid_until": (
        "the request came {value} s after it was valid; it was not executed",
        "请求超过有效期 {value} 秒才到达，未执行",
    ),
    "risk.contract": ("{value}: the venue lists no such contract", "柜台没有合约 {value}"),
    "risk.instrument": ("this account may not trade {value} ({limit})", "该账户不允许交易 {value}（{limit}）"),
    "risk.hours": ("the market of {value} is closed", "{value} 当前不在交易时段"),
    "risk.expiry": (
        "{value} days before it expires ({expires}) nothing is opened, the limit is {limit}; closing goes on",
        "距到期日 {expires} 仅剩 {value} 天，少于 {limit} 天不允许开仓，可以平仓",
    ),
    "risk.lot": ("{value} is no multiple of the lot of {limit}", "委托数量 {value} 不是最小数量 {limit} 的整数倍"),
    "risk.lot_max": (
        "{value} lots, the exchange takes at most {limit} in one order",
        "委托数量 {value} 超过交易所单笔上限 {limit}",
    ),
    "risk.price_tick": (
        "the price {value} is not on the price tick of {limit}; the nearest is {nearest}",
        "委托价格 {value} 不是最小变动价位 {limit} 的整数倍，最近的价格为 {nearest}",
    ),
    "risk.price_limit": (
        "the price {value} is beyond the day's price limit of {limit}",
        "委托价格 {value} 超出涨跌停价 {limit}",
    ),
    "risk.price_collar": (
        "the price {value} is beyond {limit}, too far from the last price of {last}",
        "委托价格 {value} 偏离最新价 {last} 过大，不得超过 {limit}",
    ),
    "risk.reference_price": (
        "the price {value} is beyond {limit}, too far from your reference price of {reference}",
        "委托价格 {value} 偏离参考价 {reference} 过大，不得超过 {limit}",
    ),
    "risk.no_price": (
        "there is no tick of this instrument yet: subscribe it first",
        "该合约尚无行情，请先订阅",
    ),
    "risk.stale_price": (
        "the last tick is {value} s old, at most {limit} s are allowed",
        "最新行情已是 {value} 秒前，超过 {limit} 秒不允许开仓",
    ),
    "risk.max_order_volume": (
        "{value} lots in one order, the limit is {limit}",
        "单笔委托 {value} 手，超过上限 {limit} 手",
    ),
    "risk.max_order_notional": (
        "one order worth {value}, the limit is {limit}",
        "单笔委托金额 {value}，超过上限 {limit}",
    ),
    "risk.closable": (
        "{value} lots to close, {limit} can be: of yesterday {yesterday}, of today {today}",
        "可平数量不足：委托 {value}，可平 {limit}（昨可用 {yesterday}，今可用 {today}）",
    ),
    "risk.max_position": (
        "{value} lots on one side with open orders, the limit is {limit}",
        "单边持仓（含挂单）将达 {value} 手，超过上限 {limit} 手",
    ),
    "risk.max_exposure": (
        "an exposure of {value} with open orders, the limit is {limit}",
        "总敞口（含挂单）将达 {value}，超过上限 {limit}",
    ),
    "risk.margin": ("it needs {value}, {limit} is available", "所需资金 {value}，可用资金 {limit}"),
    "risk.daily_loss": (
        "the day's loss is {value}, the limit is {limit}; only closing goes on",
        "当日亏损 {value}，已达上限 {limit}，只允许平仓",
    ),
    "risk.open_orders": ("{value} open orders, the limit is {limit}", "活动委托将达 {value} 笔，超过上限 {limit} 笔"),
    "risk.duplicate": (
        "the same order {value} times in a moment, the limit is {limit}",
        "短时间内重复委托 {value} 次，超过上限 {limit} 次",
    ),
    "risk.self_trade": (
        "the price {value} would meet our own order {other} at {limit}",
        "委托价格 {value} 会与自己的委托 {other}（{limit}）成交，构成自成交",
    ),
    "risk.bracket": (
        "an id of its bracket belongs to another order; nothing of it was sent",
        "同一括号单中有委托号已被占用，整组均未发出",
    ),
    "risk.not_standing": (
        "only an order that stands at the venue can be modified; it is {value}",
        "只有在柜台有效的委托才能改单，当前状态为 {value}",
    ),
    "risk.modifying": (
        "a modification of it has no answer yet; wait for that",
        "该委托有一笔改单尚未回应，请等待",
    ),
    "risk.filled": (
        "{limit} lots are filled already: {value} is not more; cancel the rest instead",
        "已成交 {limit} 手，改单数量 {value} 不大于成交数量，请改为撤单",
    ),
    "risk.orders_per_second": (
        "{value} orders and cancels within a second, the limit is {limit}",
        "一秒内报撤单 {value} 笔，超过上限 {limit} 笔",
    ),
    "risk.orders_per_day": (
        "{value} orders and cancels today, the limit is {limit}",
        "当日报撤单 {value} 笔，超过上限 {limit} 笔",
    ),
    "risk.cancels": (
        "{value} cancels of this contract today, the limit is {limit}",
        "该合约当日已撤单 {value} 次，达到上限 {limit} 次",
    ),
    "risk.programme_second": (
        "{value} orders and cancels within a second are high-frequency trading for {exchange} (from {limit} on)",
        "一秒内报撤单 {value} 笔，达到 {exchange} 高频交易标准（{limit} 笔）",
    ),
    "risk.programme_day": (
        "{value} orders and cancels a day are high-frequency trading for {exchange} (from {limit} on)",
        "当日报撤单 {value} 笔，达到 {exchange} 高频交易标准（{limit} 笔）",
    ),
    "risk.programme_bursts": (
        "{burst} orders and cancels within a second, {value} times today: from {limit} on {exchange} wants a report",
        "一秒内报撤单 {burst} 笔的情形当日第 {value} 次，达到 {exchange} 程序化交易报告标准（{limit} 次）",
    ),
    "demo.order": (
        "SIMULATED orders are taken; in another terminal: {command}",
        "可以下单（仿真），在另一个终端执行：{command}",
    ),
    "demo.no_ib": (
        "ib_async is not installed, so the demo shows CTP alone: pip install 'marketbus[server,ib]'",
        "没有安装 ib_async，演示只有 CTP：pip install 'marketbus[server,ib]'",
    ),
    "lab.tws_started": ("simulated TWS: {address}", "模拟 TWS：{address}"),
    "lab.started": ("simulated counter: md {md}, td {td}", "模拟柜台：行情 {md}，交易 {td}"),
    "vnpy": ("{text}", "{text}"),
}


def say(code: str, lang: Lang, fields: Mapping[str, object]) -> str:
    """The sentence of a code in a language; a field that is missing shows as `?` rather than hiding the message."""
    english, chinese = SENTENCES.get(code, (code, code))
    return (chinese if lang == "zh" else english).format_map(_Fields(fields))


class _Fields(dict[str, object]):
    def __missing__(self, key: str) -> "_Unknown":
        return _Unknown("?")


class _Unknown(str):
    __slots__ = ()

    def __format__(self, spec: str, /) -> str:  # also where the sentence formats a number
        return "?"
