"""Real requests by apprise's own plugins to real receivers on loopback; no secret comes back out."""

import asyncio
import hashlib
import hmac
import logging
import socket
import threading
import time
import urllib.parse
import warnings
from base64 import b64encode
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.message import Message as AnyMessage
from email.policy import default
from importlib import import_module

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from marketbus.adapters.alerts.apprise_notifier import AppriseNotifier, BadTarget, shortened
from marketbus.domain.alert import Severity
from marketbus.ports.notifier import NotDelivered
from tests.system.receiver import Receiver, nobody, receiver

TOKEN = "0123456789abcdef0123456789abcdef"
TITLE, BODY = "marketbus [严重 CRITICAL] ctp", "KILL <b>by</b> li\n紧急停止 & more"
ROBOTS = {
    "dingtalk": ("NotifyDingTalk", "/robot/send?access_token={token}", {"errcode": 310000, "errmsg": "no keyword"}),
    "wecombot": ("NotifyWeComBot", "/cgi-bin/webhook/send?key={key}", {"errcode": 93000, "errmsg": "no keyword"}),
    "feishu": ("NotifyFeishu", "/open-apis/bot/v2/hook/{token}/", {"code": 19024, "msg": "no keyword"}),
    "lark": ("NotifyLark", "/open-apis/bot/v2/hook/", {"code": 19024, "msg": "no keyword"}),
}
"""apprise's class, the path behind its fixed host, and how it says no with HTTP 200."""


@pytest.fixture
def web() -> Iterator[Receiver]:
    with receiver() as web:
        yield web


async def send(notifier: AppriseNotifier, severity: Severity = Severity.CRITICAL) -> None:
    await notifier.send(TITLE, BODY, severity)


async def refusal(notifier: AppriseNotifier) -> str:
    with pytest.raises(NotDelivered) as caught:
        await send(notifier)
    return str(caught.value)


def robot(scheme: str, web: Receiver, monkeypatch: pytest.MonkeyPatch, url: str = "") -> AppriseNotifier:
    """The real plugin, its host in our hands."""
    name, path, _ = ROBOTS[scheme]
    plugin = getattr(import_module(f"apprise.plugins.{scheme}"), name)
    monkeypatch.setattr(plugin, "notify_url", f"http://127.0.0.1:{web.port}{path}")
    return AppriseNotifier(url or f"{scheme}://{TOKEN}", 0)


@pytest.mark.parametrize("scheme", ROBOTS)
async def test_robots_get_title_and_text_as_their_documents_say(
    scheme: str, web: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(robot(scheme, web, monkeypatch))
    (got,) = web.got
    assert TOKEN in got.path
    if scheme in ("feishu", "lark"):
        assert got.body["msg_type"] == "text"
        text = got.body["content"]["text"]
    else:
        assert got.body["msgtype"] == "text"
        text = got.body["text"]["content"]
    assert text.replace("\r", "") == f"{TITLE}\n{BODY}"


@pytest.mark.parametrize("scheme", ROBOTS)
async def test_a_robot_that_says_no_with_http_200_has_not_taken_it(
    scheme: str, web: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers = [(200, ROBOTS[scheme][2]), (200, {"errcode": 0, "code": 0, "StatusCode": 0, "errmsg": "ok"})]
    notifier = robot(scheme, web, monkeypatch)
    words = await refusal(notifier)
    assert words.startswith("it says [")
    assert words.endswith("no keyword")
    await send(notifier)


async def test_a_signed_dingtalk_robot_gets_its_signature(web: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    await send(robot("dingtalk", web, monkeypatch, f"dingtalk://SECabc123@{TOKEN}"))
    query = dict(urllib.parse.parse_qsl(web.got[0].path.partition("?")[2]))
    signed = hmac.new(b"SECabc123", f"{query['timestamp']}\nSECabc123".encode(), hashlib.sha256).digest()
    assert urllib.parse.unquote(query["sign"]) == b64encode(signed).decode()
    assert abs(int(query["timestamp"]) / 1000 - time.time()) < 60


@pytest.mark.parametrize(
    ("pasted", "name"),
    [
        (f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}", "dingtalk-0"),
        (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={TOKEN}", "wecombot-0"),
        (f"https://open.feishu.cn/open-apis/bot/v2/hook/{TOKEN}", "feishu-0"),
        (f"https://open.larksuite.com/open-apis/bot/v2/hook/{TOKEN}", "lark-0"),
    ],
)
def test_what_the_consoles_show_may_be_pasted(pasted: str, name: str) -> None:
    assert AppriseNotifier(pasted, 0).name == name


async def test_a_web_hook_gets_json_with_its_kind(web: Receiver) -> None:
    notifier = AppriseNotifier(f"json://127.0.0.1:{web.port}/hook?+X-Key={TOKEN}", 3)
    assert notifier.name == "json-3"
    await send(notifier)
    await notifier.send(TITLE, BODY, Severity.WARNING, over=True)
    first, second = web.got
    assert first.path == "/hook"
    assert (first.body["title"], first.body["message"], first.body["type"]) == (TITLE, BODY, "failure")
    assert second.body["type"] == "success"


class Mailbox(Message):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def handle_message(self, message: AnyMessage) -> None:
        parsed = message_from_bytes(message.as_bytes(), policy=default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()

    def knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object) -> AuthResult:
        return AuthResult(success=getattr(given, "password", b"") == b"pa55word", handled=False)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    warnings.simplefilter("ignore", UserWarning)  # that the password goes in the clear, over loopback
    server = Controller(box, "127.0.0.1", port, authenticator=knows, auth_require_tls=False, auth_required=True)
    server.start()
    yield box, port
    server.stop()


def mailto(port: int, password: str = "pa55word") -> str:
    return f"mailto://desk:{password}@127.0.0.1:{port}?from=bus@example.com&to=li@example.com&mode=insecure"


async def test_an_e_mail_arrives_as_plain_text(mail: tuple[Mailbox, int]) -> None:
    box, port = mail
    await send(AppriseNotifier(mailto(port), 0))
    (got,) = box.mails
    assert (got["Subject"], "li@example.com" in got["To"]) == (TITLE, True)
    body = got.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip().replace("\r", "") == BODY


async def test_a_mail_server_that_says_no_is_heard(mail: tuple[Mailbox, int]) -> None:
    words = await refusal(AppriseNotifier(mailto(mail[1], "wr0ngword"), 0))
    assert "535" in words
    assert "wr0ngword" not in words


async def test_a_receiver_that_fails_refuses_or_hangs_is_told_apart(web: Receiver) -> None:
    url = f"json://127.0.0.1:{web.port}/{TOKEN}"
    web.answers = [(500, {})]
    assert await refusal(AppriseNotifier(url, 0)) == "HTTP 500"
    with nobody() as port:
        words = await refusal(AppriseNotifier(f"json://127.0.0.1:{port}/{TOKEN}", 0))
    assert words == "[Errno 111] Connection refused"
    web.answers = [None]
    assert await refusal(AppriseNotifier(f"{url}?rto=0.05", 0)) == "no answer in time"


async def test_one_that_never_answers_holds_nobody_up(web: Receiver) -> None:
    web.answers = [None]
    notifier = AppriseNotifier(f"json://127.0.0.1:{web.port}/?rto=60", 0, patience=0.05)
    began = time.monotonic()
    assert await refusal(notifier) == "no answer within 0.05 s"
    assert await refusal(notifier) == "no answer within 0.05 s"
    assert await refusal(notifier) == "it still has not answered earlier messages"
    assert time.monotonic() - began < 2
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "alert")
    web.answers = [(200, {})]
    web.released.set()
    async with asyncio.timeout(5):
        while True:  # the threads come back, and with them the target
            try:
                return await send(notifier)
            except NotDelivered:
                await asyncio.sleep(0.02)


async def test_a_plugin_that_breaks_is_one_that_did_not_deliver(web: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    notifier = robot("dingtalk", web, monkeypatch)
    monkeypatch.setattr(import_module("apprise.plugins.dingtalk").NotifyDingTalk, "notify_url", "{nobody}")
    assert await refusal(notifier) == "its plugin failed: KeyError"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is not a url"),
        ("nonsense", "is not a url"),
        (f"dingtalkk://{TOKEN}", "dingtalkk:// is no service"),
        (f"https://example.com/{TOKEN}", "https:// is no service"),
        (f"dingtalk://not-{TOKEN}", "dingtalk:// does not allow"),
        ("mailto://desk:pa55word@", "mailto:// does not allow"),
    ],
)
def test_a_target_that_cannot_be_one_says_why_and_nothing_of_its_secrets(
    url: str, words: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    with pytest.raises(BadTarget) as caught:
        AppriseNotifier(url, 0)
    assert words in str(caught.value)
    said = str(caught.value) + caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in said
    assert "pa55word" not in said


async def test_no_log_and_no_error_holds_a_secret(
    web: Receiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    words: list[str] = []
    for answer in ((500, {"error": TOKEN}), (200, {"errcode": 1, "errmsg": f"bad {TOKEN}"})):
        web.answers = [answer]
        notifier = robot("dingtalk", web, monkeypatch)
        words += [repr(notifier), await refusal(notifier)]
    with nobody() as port:
        words.append(await refusal(AppriseNotifier(f"json://desk:{TOKEN}@127.0.0.1:{port}/{TOKEN}", 0)))
    said = "\n".join(words) + caplog.text + "".join(capfd.readouterr())
    assert "it says [1] bad ***" in said
    assert TOKEN not in said


def test_long_texts_are_cut_in_bytes_as_the_services_count_them() -> None:
    assert shortened("abc", 3) == "abc"
    cut = shortened("紧急停止" * 100, 100)
    assert len(cut.encode()) <= 100
    assert cut.endswith(("紧…", "急…", "停…", "止…"))


async def test_what_is_too_long_for_a_robot_is_cut(web: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    notifier = robot("wecombot", web, monkeypatch)
    await notifier.send("marketbus", "紧急停止" * 1000, Severity.INFO)
    assert 1900 < len(web.got[0].body["text"]["content"].encode()) <= 2048
