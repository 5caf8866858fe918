"""Limits made stricter at run time: at once, written down, and in force until the configuration's are changed."""

import msgspec

from marketbus.application.trading.ledger import Ledger
from marketbus.application.trading.notes import Facts, Note
from marketbus.application.trading.outbox import Outbox
from marketbus.domain.errors import BadRequest
from marketbus.domain.journal_entry import EntryKind
from marketbus.domain.risk.limits import Tightening, looser
from marketbus.domain.status import Level
from marketbus.ports.journal import OrderJournal
from marketbus.ports.log import Log


class Tightenings:
    """Of one account. `section`: the configuration's words on its limits; others than those of then lift what was."""

    def __init__(self, ledger: Ledger, outbox: Outbox, journal: OrderJournal, log: Log, section: str = "") -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._journal = journal
        self._log = log
        self._section = section

    async def tighten(self, asked: Tightening, principal: str) -> None:
        """In force before this returns, and written down.

        Raises:
            BadRequest: it would loosen a limit, or names none.
            JournalUnavailable: it is in force, but would not survive the worker.
        """
        risk = self._ledger.risk
        if loose := looser(risk.limits, asked):
            raise BadRequest(
                "; ".join(loose), "limits are loosened in the configuration only, [gateway.NAME.risk], and a restart"
            )
        if asked == Tightening():
            raise BadRequest("no limit is named")
        risk.tighten(asked)
        facts: Facts = {"asked": _plain(asked), "in_force": _plain(risk.tightened()), "section": self._section}
        self._outbox.put(self._ledger.note(EntryKind.RISK_CHANGED, facts, principal))
        self._log.log(Level.WARNING, "limits.tightened", principal=principal, limits=_plain(asked))
        if not await self._outbox.flushed() and (trouble := self._journal.trouble) is not None:
            raise trouble

    def restore(self, last: Note | None) -> None:
        """What an earlier worker was told holds, unless somebody has changed the configuration's limits since."""
        if last is None or last.facts["in_force"] == "{}":
            return
        told = str(last.facts["in_force"])
        if last.facts["section"] == self._section:
            self._ledger.risk.tighten(msgspec.json.decode(told, type=Tightening))
            self._log.log(Level.WARNING, "limits.tight", limits=told)
            return
        facts = Facts(lifted=told, in_force="{}", section=self._section)
        self._outbox.put(self._ledger.note(EntryKind.RISK_CHANGED, facts, "configuration"))
        self._log.log(Level.WARNING, "limits.lifted", limits=told)


def _plain(asked: Tightening) -> str:
    """By name, what is not asked for left out."""
    fields = msgspec.structs.asdict(asked).items()
    return msgspec.json.encode({name: value for name, value in fields if value is not None and value != ()}).decode()
