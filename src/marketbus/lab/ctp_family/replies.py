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
    13: "CTP:找不到投资者",
    15: "CTP:报单字段有误",
    16: "CTP:找不到合约",
    17: "CTP:合约不能交易",
    22: "CTP:报单错误：不允许重复报单",
    23: "CTP:错误的报单操作字段",
    24: "CTP:撤单已报送，不允许重复撤单",
    25: "CTP:撤单找不到相应报单",
    26: "CTP:报单已全成交或已撤销，不能再撤",
    27: "CTP:不支持的功能",
    30: "CTP:平仓量超过持仓量",
    31: "CTP:资金不足",
    42: "CTP:结算结果未确认",
    50: "CTP:平今仓位不足",
    51: "CTP:平昨仓位不足",
    63: "CTP:客户端认证失败",
    68: "CTP:每秒发送请求数超过许可数",
    75: "CTP:连续登录失败次数超限,登录被禁止",
    80: "CTP:交易所不支持的价格类型",
    90: "CTP:查询未就绪,请稍后重试",
    140: "CTP:首次登录必须修改密码,请修改密码后重新登录",
}
"""ErrorID → text, as real counters send them; source: the error.xml that CTP's API packages carry."""

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
