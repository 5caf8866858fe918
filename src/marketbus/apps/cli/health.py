"""`marketbus health`: is it green, and if not, what is wrong? Asks the supervisor of this machine, NATS or not."""

import sys
import urllib.error
import urllib.request

import msgspec

from marketbus.apps.config import load
from marketbus.apps.exit_codes import ExitCode
from marketbus.apps.http.answers import GatewayHealth, Readyz
from marketbus.apps.logs import language
from marketbus.domain.errors import BusUnavailable
from marketbus.domain.message import Lang, say

PATIENCE = 3.0
"""Seconds."""
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (an address that servers listen on, none to ask)


def health(at: str | None, *, as_json: bool) -> int:
    """Print what the supervisor says; gives the exit code: 0 when every gateway is ready or rests."""
    found = _ask(at or load(None, connects=False).http.listen)
    lang = language()
    for each in found.gateways:
        sys.stdout.write(f"{msgspec.json.encode(each).decode()}\n" if as_json else _text(each, lang))
    return ExitCode.STOPPED if found.ready else ExitCode.FAILURE


def _ask(at: str) -> Readyz:
    host, _, port = at.rpartition(":")
    host = host.strip("[]")
    host = _ANYWHERE.get(host, host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/readyz?lang={language()}"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except (OSError, ValueError) as error:
        words = error.reason if isinstance(error, urllib.error.URLError) else error
        raise BusUnavailable(
            f"no supervisor answers at {url}: {words}", "is `marketbus up` running? [http] listen says where"
        ) from None
    try:
        return msgspec.json.decode(body, type=Readyz)
    except msgspec.MsgspecError:
        raise BusUnavailable(f"what answers at {url} is no marketbus", "correct --at, or [http] listen") from None


def _text(found: GatewayHealth, lang: Lang) -> str:
    fields = {"gateway": found.gateway, "opens": found.opens or "-", "live_at": found.live_at}
    head = say(f"health.{found.health.replace(' ', '_')}", lang, fields)
    label = " · SIMULATED" if found.simulated else ""
    return f"{head}{label}\n" + "".join(f"  - {each}\n" for each in found.differs)
