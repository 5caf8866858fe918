from hypothesis import given
from hypothesis import strategies as st

from marketbus.adapters.nats.backlog import Backlog


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> int:
        return int(self.seconds * 1e9)

    def monotonic(self) -> float:
        return self.seconds


def drain(backlog: Backlog) -> list[bytes]:
    frames: list[bytes] = []
    while (chunk := backlog.take()) is not None:
        assert chunk.size == sum(map(len, chunk.frames))
        frames += chunk.frames
    return frames


def test_frames_come_out_in_the_order_they_went_in() -> None:
    backlog = Backlog(Clock(), 1000, 2.0, chunk_bytes=4)
    for number in range(20):
        backlog.put(b"a", b"%d" % number, 0)
    assert drain(backlog) == [b"%d" % number for number in range(20)]
    assert (backlog.size, backlog.drops) == (0, {})


def test_the_writer_is_woken_once_until_it_is_idle_again() -> None:
    backlog = Backlog(Clock(), 1000, 2.0)
    assert backlog.put(b"a", b"1", 0)
    assert not backlog.put(b"a", b"2", 0)
    assert backlog.take() is not None
    assert not backlog.put(b"a", b"3", 0)
    drain(backlog)
    assert backlog.put(b"a", b"4", 0)


def test_too_many_bytes_leave_the_newest_of_each_instrument() -> None:
    backlog = Backlog(Clock(), 10, 2.0)
    for number in range(9):
        backlog.put(b"a" if number % 2 else b"b", b"%d" % number, 0)
    backlog.put(b"c", b"XX", 0)
    assert backlog.drops == {"slow_bus": 7}
    assert drain(backlog) == [b"7", b"8", b"XX"]


def test_too_old_leaves_the_newest_of_each_instrument() -> None:
    clock = Clock()
    backlog = Backlog(clock, 1000, 2.0)
    backlog.put(b"a", b"1", 0)
    backlog.put(b"b", b"2", 0)
    clock.seconds = 1.9
    backlog.put(b"a", b"3", 0)
    clock.seconds = 2.1
    assert drain(backlog) == [b"2", b"3"]
    assert backlog.drops == {"slow_bus": 1}


def test_more_instruments_than_fit_lose_those_silent_longest() -> None:
    backlog = Backlog(Clock(), 10, 2.0)
    backlog.cause = "disconnected"
    for number in range(10, 30):
        backlog.put(b"%d" % number, b"%d" % number, 0)
        assert backlog.size <= 10
    assert drain(backlog) == [b"25", b"26", b"27", b"28", b"29"]
    assert backlog.drops == {"disconnected": 15}


def test_it_queues_again_once_emptied() -> None:
    backlog = Backlog(Clock(), 4, 2.0)
    for _ in range(5):
        backlog.put(b"a", b"1", 0)
    drain(backlog)
    backlog.put(b"a", b"2", 0)
    backlog.put(b"a", b"3", 0)
    assert drain(backlog) == [b"2", b"3"]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["put", "put", "put", "take", "conflate", "wait"]))))
def test_nothing_is_lost_uncounted_and_the_newest_never(steps: list[tuple[str, str]]) -> None:
    clock = Clock()
    backlog = Backlog(clock, 24, 2.0, chunk_bytes=6)
    out: list[bytes] = []
    last: dict[str, bytes] = {}
    puts = 0
    for key, step in steps:
        if step == "put":
            puts += 1
            last[key] = b"%s%03d" % (key.encode(), puts)
            backlog.put(key.encode(), last[key], 0)
        elif step == "take":
            chunk = backlog.take()
            out += [] if chunk is None else chunk.frames
        elif step == "conflate":
            backlog.conflate()
        else:
            clock.seconds += 1.5
        assert backlog.size <= 24
    out += drain(backlog)
    assert len(out) + sum(backlog.drops.values()) == puts
    assert backlog.size == 0
    for key, frame in last.items():
        mine = [one for one in out if one[:1] == key.encode()]
        assert mine == sorted(mine)
        assert mine[-1] == frame
