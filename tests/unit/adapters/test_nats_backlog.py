import sys
from collections.abc import Iterator
from threading import Event, Semaphore, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.adapters.nats.backlog import Backlog, Chunk


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


@pytest.fixture
def restless() -> Iterator[None]:
    """The GIL goes from thread to thread as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_put_waits_for_nobody_who_has_the_lock_and_loses_no_order() -> None:
    held, go = Event(), Event()

    class HeldOnce(Clock):
        def monotonic(self) -> float:
            if not held.is_set():
                held.set()  # in the middle of a put
                assert go.wait(20)
            return super().monotonic()

    clock = HeldOnce()
    backlog = Backlog(clock, 1000, 2.0)
    woken: list[bool] = []
    first = Thread(target=lambda: woken.append(backlog.put(b"a", b"1", 0)))
    first.start()
    assert held.wait(20)
    others = Thread(target=lambda: woken.extend(backlog.put(b"b", b"%d" % number, 0) for number in (2, 3)))
    others.start()
    others.join(20)
    assert not others.is_alive()
    go.set()
    first.join(20)
    assert sorted(woken) == [False, False, True]
    backlog.put(b"b", b"4", 0)
    assert backlog.size == 4
    assert drain(backlog) == [b"1", b"2", b"3", b"4"]


def test_what_was_put_beside_another_is_as_old_as_it_is() -> None:
    held, go = Event(), Event()

    class HeldOnce(Clock):
        def monotonic(self) -> float:
            if self.seconds == 1.0 and not held.is_set():
                held.set()
                assert go.wait(20)
            return super().monotonic()

    clock = HeldOnce()
    backlog = Backlog(clock, 1000, 2.0)
    backlog.put(b"a", b"1", 0)
    clock.seconds = 1.0
    taken: list[object] = []
    writer = Thread(target=lambda: taken.append(backlog.take()))
    writer.start()
    assert held.wait(20)
    for frame in (b"2", b"3"):
        backlog.put(b"b", frame, 0)
    go.set()
    writer.join(20)
    assert len(taken) == 1
    clock.seconds = 3.1
    assert drain(backlog) == [b"3"]
    assert backlog.drops == {"slow_bus": 1}


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("max_bytes", [1 << 20, 400])
def test_threads_that_put_at_once_lose_no_frame_no_order_and_no_wake_up(max_bytes: int) -> None:
    backlog = Backlog(Clock(), max_bytes, 2.0, chunk_bytes=100)
    puts, wake = 10_000, Event()
    keys = [b"%d" % number for number in range(4)]

    def feed(key: bytes) -> None:
        for number in range(puts):
            if backlog.put(key, b"%b%06d" % (key, number), 0):
                wake.set()

    threads = [Thread(target=feed, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    out: list[bytes] = []
    while len(out) + sum(backlog.drops.values()) < puts * len(keys):
        assert wake.wait(20), "nobody woke the writer"
        wake.clear()
        out += drain(backlog)
    for thread in threads:
        thread.join(20)
    assert backlog.size == 0
    assert len(out) + sum(backlog.drops.values()) == puts * len(keys)
    for key in keys:
        mine = [one for one in out if one[:1] == key]
        assert mine == sorted(mine)
        assert mine[-1] == b"%b%06d" % (key, puts - 1)
    if max_bytes > 400:
        assert backlog.drops == {}


@pytest.mark.usefixtures("restless")
def test_a_lone_frame_wakes_the_writer_whoever_has_the_lock_meanwhile() -> None:
    backlog = Backlog(Clock(), 1000, 2.0)
    wake, ending = Event(), Event()
    taken = Semaphore(0)

    def write() -> None:
        while not ending.is_set():
            wake.wait()
            wake.clear()
            while backlog.take() is not None:
                taken.release()  # the next one comes while this one goes to sleep

    def look() -> None:
        while not ending.is_set():
            assert backlog.size <= 1

    threads = [Thread(target=write), Thread(target=look)]
    for thread in threads:
        thread.start()
    for _ in range(3000):
        if backlog.put(b"a", b"1", 0):
            wake.set()
        if not taken.acquire(timeout=5):
            break
    else:
        ending.set()
    arrived = ending.is_set()
    ending.set()
    wake.set()
    for thread in threads:
        thread.join(20)
    assert arrived, "a frame lay there and nobody woke the writer"


def test_a_frame_that_comes_while_the_writer_goes_to_sleep_is_taken_or_wakes_it() -> None:
    class PutAtTheLastMoment(Backlog):
        late = False
        woken = False

        def _next(self) -> Chunk | None:
            chunk = super()._next()
            if chunk is None and self.late:
                self.late = False
                self.woken = self.put(b"a", b"2", 0)
            return chunk

    backlog = PutAtTheLastMoment(Clock(), 1000, 2.0)
    backlog.put(b"a", b"1", 0)
    backlog.late = True
    assert drain(backlog) == [b"1", b"2"]
    assert not backlog.woken
    assert backlog.put(b"a", b"3", 0)
