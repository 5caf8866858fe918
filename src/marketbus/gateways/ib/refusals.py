"""Why there is no line to TWS, and what to do about it."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from marketbus.domain.message import Bilingual
from marketbus.gateways.ib.setting import Setting

NOT_THERE = Bilingual(
    "start TWS or IB Gateway, and tick Enable ActiveX and Socket Clients in its API settings",
    "请启动 TWS 或 IB Gateway，并在 API 设置中勾选“启用 ActiveX 和套接字客户端”",
)
NO_WORD = Bilingual(
    "it accepts connections and does not answer: is it logged in, and does a dialog wait to allow this one",
    "已连接但没有应答：请检查是否已登录，是否有等待允许连接的对话框",
)
CLOSED = Bilingual(
    "it closed the connection: add this machine to Trusted IPs in its API settings",
    "连接被关闭：请在 API 设置的受信任 IP 中加入本机",
)


class End(NamedTuple):
    """Why a connection ended, or did not come about."""

    code: int | None
    words: str
    hint: Bilingual | None


def refusal(connecting: "asyncio.Task[None]", ended: "asyncio.Future[End]", patience: float) -> End:
    """Of an attempt that led to nothing: what TWS said, else what the socket did."""
    if ended.done():
        code, words, hint = ended.result()
        return End(code, words, hint or CLOSED)
    error = connecting.exception() if connecting.done() and not connecting.cancelled() else None
    if isinstance(error, TimeoutError):
        return End(None, f"no answer within {patience:g} s", NO_WORD)
    return End(None, str(error) or type(error).__name__, NOT_THERE)


def wrong_account(setting: Setting, accounts: Sequence[str], *, trading: bool) -> End | None:
    """Of a TWS that is logged in as somebody else, or has several accounts and none was named."""
    wanted, there = setting.account, ", ".join(accounts)
    if wanted and wanted not in accounts:
        mend = Bilingual("log it in with the right user, or mend `account`", "请用正确的用户登录，或修改 account")
        return End(None, f"TWS is logged in with {there}, not with {wanted}", mend)
    if not wanted and trading and len(accounts) > 1:
        mend = Bilingual("name the one to trade: `account`", "请在 account 中指定交易账户")
        return End(None, f"TWS has several accounts: {there}", mend)
    return None
