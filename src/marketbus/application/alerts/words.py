"""The words of a message, in the languages of its reader."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from marketbus.domain.alert import Alert, Severity
from marketbus.domain.message import Bilingual, Lang, say
from marketbus.domain.times import to_datetime

Tongue = Literal["en", "zh", "both"]
LISTED = 10
"""Alerts that a summary names one by one."""
_LABELS = {
    Severity.INFO: Bilingual("INFO", "提示"),
    Severity.WARNING: Bilingual("WARNING", "警告"),
    Severity.CRITICAL: Bilingual("CRITICAL", "严重"),
}
_OVER = Bilingual("RESOLVED", "恢复")
_SIMULATED = Bilingual("SIMULATED", "仿真")


class Text(NamedTuple):
    """What is sent. The title begins with `marketbus`, which robots that ask for a keyword can be given."""

    title: str
    body: str


class Words:
    """`host`: the machine that tells."""

    def __init__(self, tongue: Tongue, host: str) -> None:
        self._tongues: tuple[Lang, ...] = ("zh", "en") if tongue == "both" else (tongue,)
        self._host = host

    def one(self, alert: Alert, missed: int = 0) -> Text:
        """One alert in full. `missed`: how many before it did not arrive."""
        lines = [self._sentence(alert, lang) for lang in self._tongues]
        lines += [f"- {say(each.code, lang, each.fields)}" for lang in self._tongues for each in alert.more]
        lines += self._after(alert, missed)
        lines.append(f"{_moment(alert)} · {self._host} · {alert.code}")
        return Text(f"marketbus {self._head(alert)}", "\n".join(lines))

    def many(self, alerts: Sequence[Alert], rest: Counter[str], missed: int = 0) -> Text:
        """A summary. `rest`: the codes of those of which only the number is known."""
        ranked = sorted(alerts, key=lambda alert: -alert.severity.rank)
        told, more = ranked[:LISTED], rest + Counter(alert.code for alert in ranked[LISTED:])
        count = Bilingual(f"{len(told) + more.total()} alerts", f"{len(told) + more.total()} 条告警")
        lines = [self._line(alert) for alert in told]
        if more:
            named = ", ".join(f"{code} ×{number}" for code, number in more.most_common(LISTED))
            lines.append(self._in_all(Bilingual(f"and {named}", f"另有 {named}")))
        lines += self._missed(missed)
        lines.append(self._host)
        labels = {_OVER if alert.lasted is not None else _LABELS[alert.severity] for alert in told[:1]}
        head = " ".join(f"[{self._in_all(label)}]" for label in labels)
        return Text(" ".join(filter(None, ("marketbus", head, self._in_all(count)))), "\n".join(lines))

    def _head(self, alert: Alert) -> str:
        label = _OVER if alert.lasted is not None else _LABELS[alert.severity]
        simulated = f" {self._in_all(_SIMULATED)}" if alert.simulated else ""
        return f"[{self._in_all(label)}] {alert.gateway}{simulated}"

    def _line(self, alert: Alert) -> str:
        after = "".join(f" ({each})" for each in self._after(alert, 0))
        return f"{_moment(alert)[11:]} {self._head(alert)}: {self._all(alert)}{after}"

    def _all(self, alert: Alert) -> str:
        return " / ".join(self._sentence(alert, lang) for lang in self._tongues)

    def _after(self, alert: Alert, missed: int) -> list[str]:
        found: list[str] = []
        if alert.lasted is not None:
            lasted = f"{alert.lasted:.0f}"
            found.append(self._in_all(Bilingual(f"it lasted {lasted} s", f"持续 {lasted} 秒")))
        if alert.times > 1:
            found.append(
                self._in_all(Bilingual(f"{alert.times} times since it was last told", f"期间共发生 {alert.times} 次"))
            )
        return found + self._missed(missed)

    def _missed(self, missed: int) -> list[str]:
        if not missed:
            return []
        return [self._in_all(Bilingual(f"{missed} alerts before did not arrive", f"此前有 {missed} 条告警未能送达"))]

    def _sentence(self, alert: Alert, lang: Lang) -> str:
        try:
            return say(alert.code, lang, alert.fields)
        except (ValueError, TypeError):  # a fact that the sentence formats as a number is none, or is not there
            return alert.words

    def _in_all(self, phrase: Bilingual) -> str:
        said = dict.fromkeys(phrase.said(lang) for lang in self._tongues)
        return " ".join(said)


def _moment(alert: Alert) -> str:
    return f"{to_datetime(alert.time):%Y-%m-%d %H:%M:%S}"
