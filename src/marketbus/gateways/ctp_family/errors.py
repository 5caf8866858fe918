"""Error ids of the CTP family at login: what each means for the next attempt, and what the user should do.

Source: public copies of the error.xml of CTP releases for the ids; users' reports for the causes behind them. An id
that stands here with a wrong verdict costs at most one attempt more or one restart by hand; one that is missing is
tried once more.
"""

from enum import Enum
from typing import NamedTuple

from marketbus.domain.message import Bilingual


class Verdict(Enum):
    """What a refused login means."""

    ACCOUNT = "account"
    """Counters count such attempts per account and lock it after a few: neither session tries again."""
    FATAL = "fatal"
    """Trying again cannot help; the other session is not concerned."""
    WAIT = "wait"
    """It passes by itself: the counter is not open yet, or has too much to do."""
    RETRY = "retry"
    """Unknown: once more, then as FATAL."""


class Meaning(NamedTuple):
    """A verdict, and a hint where one is known."""

    verdict: Verdict
    hint: Bilingual | None


def _known(verdict: Verdict, english: str, chinese: str) -> Meaning:
    return Meaning(verdict, Bilingual(english, chinese))


_LOGIN: dict[int, Meaning] = {
    3: _known(
        Verdict.ACCOUNT,
        "check user, password and broker id (SimNow: the user is the InvestorID, not the phone number)",
        "请检查用户名、密码和经纪商代码，SimNow 的用户名填投资者代码（InvestorID）而不是手机号",
    ),
    4: _known(
        Verdict.ACCOUNT,
        "the account is not active: ask your broker; a SimNow account works from the trading day after it was opened",
        "账户不活跃，请联系期货公司；SimNow 账户注册后的下一个交易日才能登录",
    ),
    7: _known(
        Verdict.WAIT,
        "the counter is not open yet; it opens shortly before the session",
        "柜台尚未初始化，一般在开盘前不久开放",
    ),
    8: _known(Verdict.WAIT, "the front is not active yet", "前置尚未就绪"),
    60: _known(
        Verdict.WAIT,
        "too many sessions of this user; close another terminal",
        "该用户在线会话数超限，请退出其他终端",
    ),
    63: _known(
        Verdict.FATAL,
        "产品名称 (AppID) or 授权编码 (AuthCode) is wrong, or of another environment than the front (CTP: 柜台环境)",
        "产品名称（AppID）或授权编码（AuthCode）不正确，或与服务器不属于同一环境（CTP：柜台环境）",
    ),
    64: _known(
        Verdict.FATAL,
        "this counter wants authentication: set 产品名称 (AppID) and 授权编码 (AuthCode)",
        "该柜台要求客户端认证，请填写产品名称（AppID）和授权编码（AuthCode）",
    ),
    75: _known(
        Verdict.ACCOUNT,
        "locked after failed logins: let your broker unlock the account, then correct the password here",
        "连续登录失败，账户已被锁定，请联系期货公司解锁，并核对这里的密码",
    ),
    90: _known(Verdict.WAIT, "the counter is not ready yet", "柜台查询尚未就绪，稍后重试"),
    131: _known(
        Verdict.FATAL,
        "the password is too weak for this counter: change it in your broker's terminal",
        "弱密码，请先在期货公司的终端修改密码",
    ),
    140: _known(
        Verdict.FATAL,
        "first login: change the password in your broker's terminal (SimNow: on its web site)",
        "首次登录必须先修改密码，请在期货公司的终端（SimNow 在官网）修改",
    ),
}

_DISCONNECTED: dict[int, Bilingual] = {
    # ThostFtdcTraderApi.h, OnFrontDisconnected
    0x1001: Bilingual(
        "reading failed, the front closed the connection; right after connecting: the port or 柜台环境 (CTP) is wrong",
        "网络读失败，前置关闭了连接；如果一连上就断，请检查端口和环境（CTP：柜台环境）",
    ),
    0x1002: Bilingual("writing failed", "网络写失败"),
    0x2001: Bilingual("no heartbeat from the front", "接收心跳超时"),
    0x2002: Bilingual("the heartbeat could not be sent", "发送心跳失败"),
    0x2003: Bilingual(
        "a packet nobody understands: the port or 柜台环境 (CTP) is wrong",
        "收到错误报文，请检查端口和环境（CTP：柜台环境）",
    ),
}

_UNKNOWN = Meaning(Verdict.RETRY, None)


def judge(error_id: int) -> Meaning:
    """What an error id of a login or an authentication means."""
    return _LOGIN.get(error_id, _UNKNOWN)


def why_disconnected(reason: int) -> Bilingual | None:
    """The words for a reason of OnFrontDisconnected; users meet them as 4097, 4098, 8193 ..."""
    return _DISCONNECTED.get(reason)
