"""Answers in a counter's words."""

from typing import Any

import msgspec

from marketbus.lab.ctp_family import frame
from marketbus.lab.ctp_family.front import Session
from marketbus.lab.ctp_family.layout import Layout

ERRORS = {
    0: "正确",
    3: "CTP:不合法的登录",
    6: "CTP:还没有登录",
    7: "CTP:还没有初始化",
    9: "CTP:无此权限",
    63: "CTP:客户端认证失败",
    68: "CTP:每秒发送请求数超过许可数",
    75: "CTP:连续登录失败次数超限,登录被禁止",
    90: "CTP:查询未就绪,请稍后重试",
    140: "CTP:首次登录必须修改密码,请修改密码后重新登录",
}
"""ErrorID → text, as real counters send them."""

NOT_PLAYED = (99, "CTP:模拟柜台暂不支持该请求")


def error(number: int) -> tuple[int, str]:
    """The RspInfo of an ErrorID."""
    return number, ERRORS.get(number, "CTP:未知错误")


class Replies(msgspec.Struct, frozen=True):
    """Sends callbacks of one API, "md" or "td"."""

    layout: Layout
    api: str

    def send(
        self,
        session: Session,
        name: str,
        request: int,
        values: dict[str, Any] | None,
        info: tuple[int, str] | None = None,
        *,
        last: bool = True,
    ) -> None:
        """Calls `name` on the client's SPI; `values` None sends no struct."""
        number, struct = self.layout.messages[self.api].callback(name)
        data = None if values is None else self.layout.pack(struct, **values)
        session.send(frame.encode(number, request, data, info, last=last))

    def refuse(self, session: Session, method: str, request: int, values: dict[str, Any]) -> None:
        """The answer to what the lab does not play: nothing found to a query, an error to all else."""
        name = "OnRsp" + method.removeprefix("Req")
        if not self.layout.messages[self.api].has_callback(name):
            self.send(session, "OnRspError", request, None, NOT_PLAYED)
        elif method.startswith("ReqQry"):
            self.send(session, name, request, None)
        else:
            _, struct = self.layout.messages[self.api].callback(name)
            self.send(session, name, request, self.layout.fitting(struct, values), NOT_PLAYED)
