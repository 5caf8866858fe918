"""A trading session in frames: sends orders and cancels, and lists what it is told, in order."""

import asyncio
from typing import Any, Self

from marketbus.lab.ctp_family import CounterLab, frame
from marketbus.lab.ctp_family.flow import RESTART
from marketbus.lab.ctp_family.layout import Layout
from tests.unit.lab.counter_client import Client

_TOLD = ("OnRspOrderInsert", "OnErrRtnOrderInsert", "OnRtnOrder", "OnRtnTrade", "OnRspOrderAction",
         "OnErrRtnOrderAction")  # fmt: skip


class Trader(Client):
    """Logged in, its settlement confirmed."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout, "td")
        self.login: dict[str, Any] = {}
        self._next = 0
        self._told = {layout.messages["td"].callback(name)[0]: name for name in _TOLD}

    @classmethod
    async def ready(
        cls, lab: CounterLab, layout: Layout, resume: int | None = RESTART, sequence: int = 0, day: str = ""
    ) -> Self:
        self = await cls(layout).connect(lab.addresses["td"])
        if resume is not None:
            self.subscribe_private(resume, sequence, day)
        self.log_in()
        error, self.login = await self.answer("OnRspUserLogin")
        assert error == 0
        self.ask("ReqSettlementInfoConfirm", "SettlementInfoConfirm", InvestorID="1")
        await self.answer("OnRspSettlementInfoConfirm")
        return self

    def ask(self, method: str, struct: str, **fields: Any) -> None:
        self.send(method, self.layout.pack(f"CThostFtdc{struct}Field", **fields))

    def order(
        self, symbol: str = "rb2701", direction: str = "0", volume: int = 1, price: float = 0.0, **rest: Any
    ) -> str:
        """A limit order as vnpy_ctp sends it; answers its OrderRef."""
        self._next += 1
        fields: dict[str, Any] = {
            "InstrumentID": symbol, "ExchangeID": "", "LimitPrice": price, "VolumeTotalOriginal": volume,
            "OrderPriceType": "2", "Direction": direction, "CombOffsetFlag": "0", "OrderRef": str(self._next),
            "InvestorID": "1", "UserID": "1", "BrokerID": "9999", "CombHedgeFlag": "1", "ContingentCondition": "1",
            "ForceCloseReason": "0", "TimeCondition": "3", "VolumeCondition": "1", "MinVolume": 1,
        }  # fmt: skip
        self.ask("ReqOrderInsert", "InputOrder", **fields | rest)
        return str(fields["OrderRef"])

    def cancel(self, reference: str, **rest: Any) -> None:
        fields: dict[str, Any] = {
            "OrderRef": reference, "FrontID": self.login["FrontID"], "SessionID": self.login["SessionID"],
            "ActionFlag": "0", "InvestorID": "1", "ExchangeID": "SHFE",
        }  # fmt: skip
        self.ask("ReqOrderAction", "InputOrderAction", **fields | rest)

    @property
    def told(self) -> list[tuple[str, int, dict[str, Any]]]:
        """(callback, ErrorID, struct) of everything about orders."""
        found: list[tuple[str, int, dict[str, Any]]] = []
        for each in self.frames:
            name = self._told.get(each.message)
            if name is None:
                continue
            wrong = "Rsp" in name or "Err" in name
            _, struct = self.layout.messages["td"].callback(name)
            error = int.from_bytes(each.data[:4], "little") if wrong else 0
            found.append((name, error, self.layout.unpack(struct, each.data[frame.INFO_BYTES if wrong else 0 :])))
        return found

    @property
    def story(self) -> list[str]:
        """The same in short: "a", "3", "1", "0", "5" for orders, "trade 2@3101", "OnRspOrderInsert 31"."""
        short: list[str] = []
        for name, error, data in self.told:
            if name == "OnRtnOrder":
                short.append(data["OrderStatus"])
            elif name == "OnRtnTrade":
                short.append(f"trade {data['Volume']}@{data['Price']:g}")
            else:
                short.append(f"{name} {error}")
        return short

    async def hear(self, *story: str) -> None:
        """Waits until the story is that, and asserts it."""
        try:
            async with asyncio.timeout(5):
                while len(self.story) < len(story):
                    await self.read()
        except TimeoutError:
            pass
        assert self.story == list(story)

    async def silence(self) -> None:
        """Everything sent before has been answered when this returns."""
        mark, (answer, _) = len(self.frames), self.layout.messages["td"].callback("OnRspUserPasswordUpdate")
        self.ask("ReqUserPasswordUpdate", "UserPasswordUpdate")
        async with asyncio.timeout(5):
            while answer not in {each.message for each in self.frames[mark:]}:
                await self.read()


async def query(lab: CounterLab, layout: Layout, what: str, **fields: Any) -> list[dict[str, Any]]:
    """Every record of an answer to a session of its own: so no flow control is in the way."""
    client = await Trader.ready(lab, layout, resume=None)
    number, struct = layout.messages["td"].callback(f"OnRspQry{what}")
    client.ask(f"ReqQry{what}", f"Qry{what}", **fields)
    answer: list[frame.Frame] = []
    async with asyncio.timeout(10):
        while not answer or not answer[-1].last:
            await client.read()
            answer = [each for each in client.frames if each.message == number]
    await client.close()
    return [layout.unpack(struct, each.data) for each in answer if each.data]
