"""One target, by apprise (https://github.com/caronc/apprise): the url says which service and all of its secrets."""

import re
from typing import cast

from apprise import Apprise, NotifyFormat, NotifyType
from apprise.manager_plugins import NotificationManager
from apprise.plugins.base import NotifyBase

from marketbus.adapters.alerts import overheard
from marketbus.adapters.alerts.errand import errand
from marketbus.domain.alert import Severity
from marketbus.ports.notifier import NotDelivered

PATIENCE = 20.0
"""Seconds for one message: connections, redirects, a mail server's greeting."""
ABANDONED = 2
"""Threads that may still wait for a receiver that does not answer."""
_TYPES = {
    Severity.INFO: NotifyType.INFO,
    Severity.WARNING: NotifyType.WARNING,
    Severity.CRITICAL: NotifyType.FAILURE,
}
_PASTED = (
    (re.compile(r"https://oapi\.dingtalk\.com/robot/send\?access_token=([A-Za-z0-9]+)"), "dingtalk://{}"),
    (re.compile(r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([A-Za-z0-9_-]+)/?"), "feishu://{}"),
    (re.compile(r"https://open\.larksuite\.com/open-apis/bot/v2/hook/([A-Za-z0-9-]+)/?"), "lark://{}"),
)
"""What their consoles show, in apprise's form; that of 企业微信 it knows itself."""


class BadTarget(ValueError):
    """A url that no message can be sent to; the words hold nothing of it but its scheme."""


class AppriseNotifier:
    """`place`: the number in its name."""

    def __init__(self, url: str, place: int, patience: float = PATIENCE) -> None:
        """`patience`: seconds for one message.

        Raises:
            BadTarget: says what is wrong.
        """
        overheard.hush()
        self._plugin = _plugin(url.strip())
        scheme = _scheme(self._plugin.url(privacy=True))  # pyright: ignore[reportUnknownMemberType]
        overheard.listen(self._plugin, scheme)
        self._name = f"{scheme}-{place}"
        self._patience = patience
        self._secrets = [word for word in re.split(r"[^A-Za-z0-9_.-]+", url) if len(word) > 3]
        self._abandoned = 0

    @property
    def name(self) -> str:
        """Such as `dingtalk-0`."""
        return self._name

    def __repr__(self) -> str:
        return f"AppriseNotifier({self._name})"

    async def send(self, title: str, body: str, severity: Severity, *, over: bool = False) -> None:
        """See `ports.notifier`."""
        if self._abandoned >= ABANDONED:
            raise NotDelivered("it still has not answered earlier messages")
        kind = NotifyType.SUCCESS if over else _TYPES[severity]
        try:
            why = await errand(lambda: self._send(title, body, kind), self._patience)
        except TimeoutError:
            raise NotDelivered(f"no answer within {self._patience:g} s") from None
        except Exception as error:  # noqa: BLE001 (a hundred plugins, and its words may hold secrets)
            raise NotDelivered(f"its plugin failed: {type(error).__name__}") from None
        if why:
            raise NotDelivered(self._harmless(why))

    def _send(self, title: str, body: str, kind: NotifyType) -> str:
        """In a thread of its own; nothing, or why it did not arrive."""
        overheard.begin()
        self._abandoned += 1
        try:
            room = self._plugin.body_maxlen - len(title.encode()) - 8
            sent = self._plugin.notify(
                title=title, body=shortened(body, room), notify_type=kind, body_format=NotifyFormat.TEXT
            )
        finally:
            self._abandoned -= 1
        return "" if sent else overheard.why() or "it was not taken"

    def _harmless(self, why: str) -> str:
        for secret in self._secrets:
            why = why.replace(secret, "***")
        return why[:300]


def shortened(text: str, size: int) -> str:
    """At most so many bytes of UTF-8, which is what the services count."""
    told = text.encode()
    return text if len(told) <= size else told[: size - 3].decode(errors="ignore") + "…"


def _plugin(url: str) -> NotifyBase:
    for pasted, ours in _PASTED:
        if match := pasted.fullmatch(url):
            url = ours.format(match[1])
    scheme = _scheme(url)
    known = cast("list[str]", NotificationManager().schemas())
    if not scheme:
        raise BadTarget(
            "is not a url such as dingtalk://TOKEN, wecombot://KEY, feishu://TOKEN, mailtos://..., json://..."
        )
    plugin = Apprise.instantiate(url)  # pyright: ignore[reportUnknownMemberType] (its dict has no types)
    if plugin is None and scheme not in known:
        raise BadTarget(f"{scheme}:// is no service that apprise knows: dingtalk, wecombot, feishu, mailtos, jsons...")
    if plugin is None:
        raise BadTarget(f"is not complete, or holds a character that {scheme}:// does not allow")
    plugin.request_rate_per_sec = 0  # the pace is ours; apprise would sleep in between
    return plugin


def _scheme(url: str) -> str:
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://.", url)
    return match[1].lower() if match else ""
