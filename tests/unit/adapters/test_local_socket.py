"""The sockets of one machine: whose they are, how deep they may lie, and what becomes of one that was left behind."""

import asyncio
import os
import stat
import sys
from pathlib import Path

import msgspec
import pytest

from marketbus.adapters.local import socket
from marketbus.adapters.local.kill import KillAnswer, KillAnswers, KillAsk, WaitingKill
from marketbus.apps import paths
from marketbus.apps.logs import Logs
from marketbus.apps.supervisor.local import LocalControl
from marketbus.domain.errors import BusUnavailable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets there")
QUESTION = KillAsk("kill", "li", "drill")


async def echo(line: bytes) -> bytes:
    return line.strip()


@pytest.mark.parametrize("deep", [False, True])
async def test_only_the_owner_can_ask_however_deep_the_folder(tmp_path: Path, deep: bool) -> None:
    folder = paths.private(tmp_path / ("x" * 200) if deep else tmp_path / "x")
    path = folder / "desk.sock"
    async with socket.serving(path, echo):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await socket.ask(path, QUESTION, KillAsk) == QUESTION
    assert not path.exists()
    with pytest.raises(BusUnavailable, match=r"desk\.sock"):
        await socket.ask(path, QUESTION, KillAsk)


async def test_a_socket_that_was_left_behind_is_taken_over_and_a_late_end_leaves_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "desk.sock"
    first = socket.serving(path, echo)
    await first.__aenter__()
    async with socket.serving(path, echo):
        await first.__aexit__(None, None, None)
        assert await socket.ask(path, QUESTION, KillAsk) == QUESTION
    async with socket.serving(path, echo, alone=True):
        with pytest.raises(socket.Taken):
            await socket.serving(path, echo, alone=True).__aenter__()


async def test_who_says_nothing_sensible_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "ANSWER", 0.1)
    path = tmp_path / "desk.sock"
    async with socket.serving(path, echo):
        for said in (b"\xff\n", b"[1]\n", b"x" * 200_000, b""):
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(said)
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()
        assert await socket.ask(path, QUESTION, KillAsk) == QUESTION


async def asked(control: LocalControl, question: KillAsk) -> dict[str, KillAnswer]:
    return msgspec.json.decode(await control.answer(msgspec.json.encode(question)), type=KillAnswers).gateways


async def test_a_kill_for_a_worker_that_is_not_there_waits_on_the_disk(tmp_path: Path) -> None:
    control = LocalControl(tmp_path, {"a": True, "b": True, "md": False}, Logs("en", "supervisor"))

    async def desk(line: bytes) -> bytes:
        return msgspec.json.encode(KillAnswer(pulled=b'"release"' not in line, flat=True))

    async with socket.serving(paths.desk_socket(paths.private(tmp_path / "gateways" / "a").parents[1], "a"), desk):
        answers = await asked(control, QUESTION)
        assert answers == {"a": KillAnswer(pulled=True, flat=True), "b": KillAnswer(pulled=True, waiting=True)}
        waiting = WaitingKill(tmp_path / "gateways" / "b")
        assert waiting.read() == QUESTION
        released = await asked(control, KillAsk("release", "li"))
        assert not released["a"].pulled
        assert released["b"].pulled
        assert "the kill holds" in released["b"].error
        assert waiting.read() == QUESTION
    refused = await asked(control, KillAsk("kill", "li", gateways=("md", "nobody")))
    assert [each.error for each in refused.values()] == ["does not trade here", "is not configured here"]


def test_a_kill_that_cannot_be_read_is_a_kill_all_the_same(tmp_path: Path) -> None:
    waiting = WaitingKill(tmp_path)
    assert waiting.read() is None
    waiting.write(QUESTION)
    assert waiting.read() == QUESTION
    os.truncate(tmp_path / "kill.json", 5)
    damaged = waiting.read()
    assert damaged is not None
    assert damaged.do == "kill"
    waiting.remove()
    assert waiting.read() is None
