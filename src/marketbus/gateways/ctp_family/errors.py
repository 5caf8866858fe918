"""CTP's error ids at login: which latch, which wait, and what the user should do.

Source: error.xml of the CTP release, and users' reports for the hints.
"""

from enum import Enum


class Verdict(Enum):
    """What a refused login means."""

    FATAL = "fatal"
    """Trying again would lock the account or cannot help."""
    WAIT = "wait"
    """The counter is not open yet."""
    RETRY = "retry"
    """Unknown: once more, then FATAL."""


_KNOWN: dict[int, tuple[Verdict, str]] = {
    3: (
        Verdict.FATAL,
        "check user and password (SimNow: the InvestorID) / 请检查用户名和密码，SimNow 填投资者代码而不是手机号",
    ),
    4: (Verdict.FATAL, "the account is not active / 账户未激活，请联系期货公司"),
    7: (Verdict.WAIT, "the counter opens shortly before the session / 柜台在开盘前开放"),
    8: (Verdict.WAIT, "the front is not ready / 前置尚未就绪"),
    60: (Verdict.FATAL, "product information is wrong / 产品名称（AppID）不正确"),
    62: (Verdict.WAIT, "too many sessions; close another terminal / 会话数超限，请退出其他终端"),
    63: (
        Verdict.FATAL,
        "AppID, AuthCode or 柜台环境 is wrong / 产品名称或授权编码不正确，或柜台环境与服务器不符",
    ),
    75: (
        Verdict.FATAL,
        "locked after failed logins; let your broker unlock the account / 连续登录失败，账户被锁，请联系期货公司解锁",
    ),
    77: (Verdict.WAIT, "login flow control / 登录流控"),
    131: (Verdict.FATAL, "the password is too weak; change it / 弱密码，请先修改密码"),
    140: (
        Verdict.FATAL,
        "first login: change the password in your broker's terminal / 首次登录必须先修改密码",
    ),
    4097: (Verdict.RETRY, "the front did not understand us; check 柜台环境 / 通讯解析失败，请检查柜台环境"),
}


def judge(error_id: int) -> tuple[Verdict, str]:
    """The verdict on an error id, and a hint in both languages (empty when we know none)."""
    return _KNOWN.get(error_id, (Verdict.RETRY, ""))
