"""The log: one line per event on stderr, a stable code with its facts, and the same record for the bus."""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any, Literal, Protocol

import msgspec

from marketbus.client.tls_noise import hush
from marketbus.domain.message import SENTENCES, Bilingual, Lang, say
from marketbus.domain.status import Level, LogRecord
from marketbus.domain.times import to_datetime
from marketbus.ports.log import Fact

LEVELS = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}
_RECORD = "marketbus_record"
_logger = logging.getLogger("marketbus")


class Writable(Protocol):
    """Takes lines of text."""

    def write(self, text: str, /) -> object:
        """Take some."""
        ...

    def flush(self) -> object:
        """Show it."""
        ...


class Logs:
    """Says things in the operator's language. One per process and gateway; safe to call from any thread."""

    def __init__(
        self,
        lang: Lang,
        gateway: str,
        publish: Callable[[LogRecord], object] | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._lang: Lang = lang
        self._gateway = gateway
        self.publish = publish
        """Takes every record too, in the calling thread; set it once the bus is there."""
        self.report: Callable[[LogRecord], object] | None = None
        """The same, for a supervisor that is there from the beginning."""
        self._now = now

    def log(self, level: Level, code: str, **fields: Fact) -> LogRecord:
        """Write one record to stderr, hand it to `publish`, and give it back."""
        told = {
            name: value.said(self._lang) if isinstance(value, Bilingual) else value for name, value in fields.items()
        }
        record = LogRecord(self._gateway, self._now(), level, code, say(code, self._lang, told), told)
        _logger.log(LEVELS[level], record.message, extra={_RECORD: (record, self._lang)})
        for taker in (self.publish, self.report):
            if taker is not None:
                taker(record)
        return record


def configure(form: Literal["text", "json"], level: str, stream: Writable = sys.stderr) -> None:
    """Send the process's log to a stream, ours and that of the libraries (theirs from WARNING on)."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    hush()
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _logger.setLevel(LEVELS[Level(level)])


def language(configured: Lang | None = None, env: Mapping[str, str] = os.environ) -> Lang:
    """The language of messages: MARKETBUS_LANG, else the configured one, else the machine's."""
    for said in (env.get("MARKETBUS_LANG"), configured, env.get("LC_ALL"), env.get("LC_MESSAGES"), env.get("LANG")):
        if said:
            return "zh" if said.lower().startswith("zh") else "en"
    return "en"


class _TextLines(logging.Formatter):
    """`2026-11-21 09:30:00.123 INFO  ctp-main  行情服务器登录成功  trading_day=20261123`"""

    def format(self, record: logging.LogRecord) -> str:
        ours, lang = _ours(record)
        moment = f"{to_datetime(ours.time):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        untold = {key: value for key, value in ours.fields.items() if key not in _told(ours.code, lang)}
        facts = "".join(f"  {key}={value}" for key, value in untold.items())
        text = f"{moment} {ours.level.upper():<7} {ours.gateway}  {_one_line(ours.message)}{_one_line(facts)}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class _JsonLines(logging.Formatter):
    """One object per line, the fields of LogRecord."""

    def format(self, record: logging.LogRecord) -> str:
        ours, _ = _ours(record)
        line: dict[str, Any] = {"time": to_datetime(ours.time).isoformat(timespec="milliseconds")}
        line |= {"level": ours.level, "gateway": ours.gateway, "code": ours.code, "message": ours.message}
        line["fields"] = msgspec.to_builtins(ours.fields)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, allow_nan=True)


def _ours(record: logging.LogRecord) -> tuple[LogRecord, Lang]:
    if (found := record.__dict__.get(_RECORD)) is not None:
        return found
    level = next((ours for ours, number in reversed(LEVELS.items()) if record.levelno >= number), Level.DEBUG)
    return LogRecord(record.name, int(record.created * 1e9), level, "python", record.getMessage()), "en"


def _told(code: str, lang: Lang) -> set[str]:
    """The facts that the sentence itself names."""
    english, chinese = SENTENCES.get(code, ("", ""))
    return {name for _, name, _, _ in Formatter().parse(chinese if lang == "zh" else english) if name}


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ⏎ ")
