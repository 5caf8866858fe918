"""The accelerator does what the Python code does: the same bytes, the same drops, the same order."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from marketbus.adapters.nats.backlog import Backlog
from marketbus.adapters.nats.frames import TickFrames, TooLarge
from marketbus.domain.histogram import SECONDS, Histogram
from marketbus.domain.tick import Tick
from marketbus.wire import codec, native
from tests.unit.any_tick import ticks

installed = native.native()
pytestmark = pytest.mark.skipif(installed.module is None, reason=installed.words)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(ticks())
def test_every_tick_becomes_the_same_bytes_or_is_refused_alike(tick: Tick) -> None:
    assert installed.module is not None
    queue = native.tick_queue(installed.module, 1 << 20, 2.0)
    try:
        expected = TickFrames().frame(tick)[1]
    except TooLarge:
        cause = "too_large"
    except (ValueError, TypeError, OverflowError):
        cause = "unencodable"
    else:
        assert queue.frame(tick) == expected
        queue.put(tick)
        taken = queue.take()
        assert taken is not None
        assert taken[0] == expected
        return
    queue.put(tick)
    assert queue.drops() == {cause: 1}
    assert queue.take() is None


class Clock:
    def __init__(self) -> None:
        self.ns = 0

    def now(self) -> int:
        return self.ns

    def monotonic(self) -> float:
        return self.ns / 1e9


class Backlogs(RuleBasedStateMachine):
    """Both are told the same; they must say the same."""

    @initialize(most=st.integers(10, 400), chunk=st.integers(1, 200))
    def begin(self, most: int, chunk: int) -> None:
        assert installed.module is not None
        self.clock = Clock()
        self.python = Backlog(self.clock, most, 2.0, chunk)
        self.native = installed.module.Backlog(most, 2_000_000_000, chunk)

    @rule(name=st.sampled_from("abcdefgh"), size=st.integers(0, 60), received=st.integers(0, 9))
    def put(self, name: str, size: int, received: int) -> None:
        key = f"PUB {name} ".encode()
        frame = b"%b%d\r\n%b\r\n" % (key, size, b"x" * size)
        assert self.python.put(key, frame, received) == self.native.put(frame, received, self.clock.ns)

    @rule()
    def take(self) -> None:
        chunk = self.python.take()
        taken = self.native.take(self.clock.ns)
        if chunk is None:
            assert taken is None
        else:
            started = round(chunk.started * 1e9)
            assert taken == (b"".join(chunk.frames), len(chunk.keys), chunk.received, started)

    @rule(quarters=st.integers(1, 9))
    def wait(self, quarters: int) -> None:
        self.clock.ns += quarters * 250_000_000

    @rule()
    def conflate(self) -> None:
        self.python.conflate()
        self.native.conflate()

    @rule(cause=st.sampled_from(["slow_bus", "disconnected"]))
    def because(self, cause: str) -> None:
        self.python.cause = cause
        self.native.because(cause)

    @precondition(lambda self: hasattr(self, "native"))
    @invariant()
    def alike(self) -> None:
        assert self.python.drops == self.native.drops()
        assert self.python.size == self.native.size()


TestBacklogs = pytest.mark.skipif(installed.module is None, reason=installed.words)(Backlogs.TestCase)
TestBacklogs.settings = settings(max_examples=150, stateful_step_count=40)


@given(st.lists(st.integers(-(10**9), 20 * 10**9) | st.sampled_from([round(one * 1e9) for one in SECONDS])))
def test_waits_are_counted_alike(waits: list[int]) -> None:
    assert installed.module is not None
    queue, histogram = native.tick_queue(installed.module, 1, 1.0), Histogram()
    for ns in waits:
        queue.waited(ns)
        histogram.add(ns / 1e9)
    assert queue.delays() == (histogram.now().counts, pytest.approx(histogram.now().total))
    sample, count, largest = queue.window()
    assert (sorted(sample), count) == (sorted(ns / 1000 for ns in waits), len(waits))
    assert largest == max(0.0, *(ns / 1000 for ns in waits), 0.0)


def test_what_differs_in_one_byte_or_one_price_switches_it_off() -> None:
    module: Any = installed.module

    def longer(**arguments: Any) -> Any:
        def encode(tick: Tick) -> bytes:
            return codec.encode(tick) + b"\0"

        return module.TickQueue(**arguments | {"encode": encode})

    def dearer(**arguments: Any) -> Any:
        def emit(tick: Tick) -> None:
            arguments["emit"](msgspec.structs.replace(tick, last_price=tick.last_price + 1))

        return module.TickReader(**arguments | {"emit": emit})

    parts = {name: getattr(module, name) for name in native.PARTS}
    right, wrong, other = [SimpleNamespace(**parts) for _ in range(3)]
    wrong.TickQueue = longer
    other.TickReader = dearer
    told: list[Any] = [native.differences(one) for one in (right, wrong, other)]  # pyright: ignore[reportArgumentType]
    assert told == ["", "message of sample 1", "decoding"]


def test_what_was_built_of_another_release_is_left_alone() -> None:
    assert "without TickQueue" in native.differences(SimpleNamespace())  # pyright: ignore[reportArgumentType]
