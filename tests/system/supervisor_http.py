"""What a supervisor answers over HTTP."""

import urllib.error
import urllib.request
from typing import Any

import msgspec


def served(words: str) -> str:
    """HOST:PORT, as its log says; empty before it does."""
    said = (line for line in words.splitlines() if "health and metrics" in line)
    return next((line.rpartition("http://")[2].strip() for line in said), "")


def ask(url: str) -> tuple[int, bytes]:
    """Status and body."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def readyz(at: str, lang: str = "en") -> dict[str, Any]:
    """Its first gateway's health."""
    code, body = ask(f"http://{at}/readyz?lang={lang}")
    found = msgspec.json.decode(body)
    assert found["ready"] is (code == 200)
    return found["gateways"][0]
