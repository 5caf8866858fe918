"""What a receiver said, which apprise does not tell.

Its plugins answer true or false, and true for whatever comes with HTTP 200. The robots of 钉钉, 企业微信 and 飞书 say
no in the body of such an answer: a wrong keyword, a wrong signature, too many messages. So a plugin's module is given a
`requests` that listens; `tests/unit/adapters/test_apprise_notifier.py` fails when a release of apprise moves this seam.
"""

import logging
import re
import sys
import threading
from types import ModuleType
from typing import Any, cast

import requests

ROBOTS = frozenset({"dingtalk", "wecombot", "feishu", "lark"})
_CODES = ("errcode", "code", "StatusCode")
_WORDS = ("errmsg", "msg", "StatusMessage")
_SPOKEN = "Socket Exception: "
"""How the e-mail plugin begins the reason."""

_heard = threading.local()


def begin() -> None:
    """Forget what this thread heard."""
    _heard.why = ""


def why() -> str:
    """The reason of the last failure in this thread; may hold what the receiver was told."""
    return getattr(_heard, "why", "")


def listen(plugin: object, scheme: str) -> None:
    """From now on hear what this plugin's receiver says."""
    module = sys.modules[type(plugin).__module__]
    if isinstance(vars(module).get("requests"), ModuleType):
        vars(module)["requests"] = _Requests(judges=scheme in ROBOTS)


def hush() -> None:
    """apprise and urllib3 log urls, which hold secrets: nothing of theirs reaches our log."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    if not any(isinstance(each, _Reasons) for each in logger.filters):
        logger.addFilter(_Reasons())
    logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class _Requests(ModuleType):
    def __init__(self, *, judges: bool) -> None:
        super().__init__("requests")
        self._judges = judges

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.request("POST", url, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            response = requests.request(method, url, **options)  # noqa: S113 (the plugin gives one)
        except requests.RequestException as error:
            _heard.why = _without_address(error)
            raise
        if not response.ok:
            _heard.why = f"HTTP {response.status_code}"
        elif self._judges and (words := _refusal(response)):
            _heard.why = words
            response.status_code = 422
        return response


class _Reasons(logging.Filter):
    """Hears the reason of the plugins that do without `requests`; lets nothing through."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(_SPOKEN) and not why():
            _heard.why = record.getMessage().removeprefix(_SPOKEN)
        return False


def _without_address(error: requests.RequestException) -> str:
    """Its own words hold the url."""
    match error:
        case requests.exceptions.ConnectTimeout() | requests.exceptions.ReadTimeout():
            return "no answer in time"
        case requests.exceptions.SSLError():
            return "its TLS certificate is not trusted"
        case requests.exceptions.ProxyError():
            return "the proxy does not let us through"
        case requests.exceptions.ConnectionError():
            errno = re.search(r"\[Errno -?\d+\] [A-Za-z ]+", str(error))
            return errno[0].strip() if errno else "no connection"
        case _:
            return type(error).__name__


def _refusal(response: requests.Response) -> str:
    """The robot's words when it says no, else nothing."""
    try:
        answer: Any = response.json()
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    answer = cast("dict[str, Any]", answer)
    code = next((answer[name] for name in _CODES if answer.get(name)), 0)
    words = next((answer[name] for name in _WORDS if answer.get(name)), "")
    return f"it says [{code}] {words}" if code else ""
