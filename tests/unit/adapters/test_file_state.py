from pathlib import Path

import pytest
from fake_service import contract
from hypothesis import given
from hypothesis import strategies as st

from marketbus.adapters.state import FileStateStore


class Store:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "ctp-main"
        self.problems: list[tuple[str, str]] = []
        self.open = FileStateStore(self.folder, lambda path, words: self.problems.append((path, words)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_an_epoch_is_larger_than_any_before_whatever_the_clock_says(store: Store) -> None:
    assert store.open.next_epoch(100) == 100
    assert store.open.next_epoch(100) == 101
    assert store.open.next_epoch(50) == 102
    assert FileStateStore(store.folder, lambda path, words: None).next_epoch(200) == 200


@pytest.mark.parametrize("junk", [b"", b"abc", b"-5", b"9" * 30, b"\xff\x00", b"1.5"])
def test_a_damaged_epoch_goes_on_from_the_clock_and_is_reported(store: Store, junk: bytes) -> None:
    (store.folder / "epoch").write_bytes(junk)
    assert store.open.next_epoch(1000) == 1000
    assert store.problems[0][0] == str(store.folder / "epoch")
    assert (store.folder / "epoch.damaged").read_bytes() == junk
    assert store.open.next_epoch(1000) == 1001


def test_pins_are_kept(store: Store) -> None:
    assert list(store.open.load_pins()) == []
    store.open.save_pins(["rb*.SHFE", "螺纹.SHFE"])
    assert list(store.open.load_pins()) == ["rb*.SHFE", "螺纹.SHFE"]
    store.open.save_pins([])
    assert list(store.open.load_pins()) == []


def test_contracts_are_kept(store: Store) -> None:
    assert store.open.load_contracts() == (0, ())
    contracts = [contract(number) for number in range(1000)]
    store.open.save_contracts(contracts, 42)
    assert store.open.load_contracts() == (42, contracts)


@given(st.binary(max_size=60), st.sampled_from(["pins.json", "contracts.msgpack"]))
def test_random_bytes_on_the_disk_are_set_aside_and_reported(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, name: str
) -> None:
    store = Store(tmp_path_factory.mktemp("state"))
    (store.folder / name).write_bytes(junk)
    loaded = store.open.load_pins() if name == "pins.json" else store.open.load_contracts()[1]
    assert store.problems or junk.strip() == b"[]"
    assert list(loaded) == []
    assert (store.folder / f"{name}.damaged").exists() == bool(store.problems)


def test_a_truncated_cache_is_set_aside(store: Store) -> None:
    store.open.save_contracts([contract(1), contract(2)], 42)
    path = store.folder / "contracts.msgpack"
    path.write_bytes(path.read_bytes()[:-10])
    assert store.open.load_contracts() == (0, ())
    assert len(store.problems) == 1


def test_a_crash_while_writing_leaves_the_old_file(store: Store) -> None:
    store.open.save_pins(["a.SHFE"])
    (store.folder / "pins.json.new").write_bytes(b"half")
    assert list(store.open.load_pins()) == ["a.SHFE"]
    store.open.save_pins(["b.SHFE"])
    assert list(store.open.load_pins()) == ["b.SHFE"]
