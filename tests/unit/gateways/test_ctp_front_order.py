"""Fronts in order: one per process, the next one with the next process, pauses that grow when none works."""

from pathlib import Path
from random import Random

import pytest

from marketbus.gateways.ctp_family.front_order import FIRST_PAUSE, LONGEST_PAUSE, Choice, FrontOrder
from marketbus.gateways.ctp_family.kept import Kept
from marketbus.gateways.ctp_family.setting import Front
from marketbus.ports.gateway import Logged
from tests.unit.gateways.sink import FakeSink

A, B, C = (Front(f"tcp://127.0.0.1:{port}", "127.0.0.1", port) for port in (1, 2, 3))


def process(folder: Path, *fronts: Front) -> FrontOrder:
    return FrontOrder(fronts, Kept(folder / "fronts.json", Choice, FakeSink()), Random(1))


def test_the_first_front_is_first_and_each_condemned_one_is_followed_by_the_next(tmp_path: Path) -> None:
    taken: list[Front] = []
    for _ in range(4):
        order = process(tmp_path, A, B, C)
        taken.append(order.current)
        order.condemn()
    assert taken == [A, B, C, A]


def test_condemning_twice_is_condemning_once(tmp_path: Path) -> None:
    order = process(tmp_path, A, B, C)
    for _ in range(5):
        order.condemn()
    assert order.current == A
    assert process(tmp_path, A, B, C).current == B


def test_a_front_that_works_stays(tmp_path: Path) -> None:
    process(tmp_path, A, B).condemn()
    for _ in range(3):
        order = process(tmp_path, A, B)
        order.proved()
        assert order.current == B


def test_a_session_that_begins_anew_begins_with_the_first(tmp_path: Path) -> None:
    process(tmp_path, A, B).condemn()
    process(tmp_path, A, B).begin_anew()
    assert process(tmp_path, A, B).current == A


def test_another_list_begins_anew(tmp_path: Path) -> None:
    process(tmp_path, A, B).condemn()
    assert process(tmp_path, A, C).current == A


def test_one_front_has_no_successor(tmp_path: Path) -> None:
    order = process(tmp_path, A)
    assert order.following is None
    order.condemn()
    assert process(tmp_path, A).current == A
    assert order.pause == 0


def test_each_round_of_failures_pauses_longer_up_to_a_limit(tmp_path: Path) -> None:
    pauses: list[float] = []
    for _ in range(40):
        order = process(tmp_path, A, B)
        pauses.append(order.pause)
        order.condemn()
    assert pauses[:2] == [0, 0]
    assert all(FIRST_PAUSE / 2 <= pause <= FIRST_PAUSE for pause in pauses[2:4])
    assert pauses[2] < pauses[4] < pauses[6] < pauses[8]
    assert all(LONGEST_PAUSE / 2 <= pause <= LONGEST_PAUSE for pause in pauses[12:])
    order = process(tmp_path, A, B)
    order.proved()
    assert order.pause == 0
    order.condemn()
    assert process(tmp_path, A, B).pause == 0


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"fronts": ["x"], "chosen": 7, "failed": 0}'])
def test_a_damaged_memory_begins_with_the_first(tmp_path: Path, content: str) -> None:
    (tmp_path / "fronts.json").write_text(content)
    assert process(tmp_path, A, B).current == A


def test_a_disk_that_keeps_nothing_is_reported_and_the_line_goes_on(tmp_path: Path) -> None:
    sink = FakeSink()
    order = FrontOrder((A, B), Kept(tmp_path / "gone" / "fronts.json", Choice, sink), Random(1))
    order.condemn()
    assert order.current == A
    assert [log.code for log in sink.of(Logged)] == ["gateway.not_kept"]
