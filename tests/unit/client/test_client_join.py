"""A snapshot and a live stream, joined: each (epoch, seq) after the snapshot exactly once, in order, holes reported."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from marketbus.client.gap import Gap, GapCause
from marketbus.client.join import Track
from marketbus.domain.instrument import Exchange, Instrument
from marketbus.domain.tick import Tick, TickFlag

RB = Instrument("rb2701", Exchange.SHFE)


def tick(seq: int, epoch: int = 1, flags: int = 0) -> Tick:
    return Tick("ctp", RB.symbol, RB.exchange, 0, 0, epoch, seq, flags=flags)


def held(cause: GapCause = GapCause.SEQUENCE) -> Track:
    track = Track("ctp", RB)
    track.hold(cause)
    return track


def marks(steps: Sequence[Tick | Gap]) -> list[int | tuple[str, int | None]]:
    return [step.seq if isinstance(step, Tick) else (step.cause.value, step.missed) for step in steps]


def running(upto: int) -> Track:
    track = Track("ctp", RB)
    for seq in range(1, upto + 1):
        assert marks(track.take(tick(seq))) == [seq]
    return track


def test_the_last_value_comes_first_and_is_flagged() -> None:
    track = held()
    assert not track.take(tick(3))
    assert not track.take(tick(4))
    steps = track.join(tick(3))
    assert steps is not None
    assert marks(steps) == [3, 4]
    first = steps[0]
    assert isinstance(first, Tick)
    assert first.flags & TickFlag.SNAPSHOT
    assert track.next == 5


def test_live_ticks_that_do_not_continue_the_snapshot_ask_for_another() -> None:
    track = held()
    track.take(tick(7))
    assert track.join(tick(4), final=False) is None
    assert track.held
    steps = track.join(tick(6), final=False)
    assert steps is not None
    assert marks(steps) == [6, 7]


def test_a_hole_that_stays_is_reported() -> None:
    track = held()
    track.take(tick(7))
    steps = track.join(tick(4), final=True)
    assert steps is not None
    assert marks(steps) == [4, ("sequence", 2), 7]


def test_a_sequence_hole_says_which_ticks() -> None:
    gap = running(3).take(tick(6))[0]
    assert gap == Gap("ctp", RB.symbol, RB.exchange, GapCause.SEQUENCE, 2, 1, 4, 5)


def test_what_came_before_comes_no_second_time() -> None:
    track = running(3)
    assert not track.take(tick(2))
    assert not track.take(tick(3))


def test_an_older_epoch_is_discarded_and_a_newer_one_is_a_gap() -> None:
    track = running(3)
    assert marks(track.take(tick(1, epoch=2))) == [("epoch change", None), 1]
    assert not track.take(tick(4, epoch=1))


def test_an_epoch_change_is_reported_once() -> None:
    track = running(3)
    assert marks(track.roll(2)) == [("epoch change", None)]
    assert track.roll(2) == ()
    assert marks(track.take(tick(5, epoch=2))) == [5]


def test_after_a_cut_nothing_missing_is_no_gap() -> None:
    track = running(3)
    track.hold(GapCause.RECONNECT)
    assert track.join(tick(3)) == []
    assert marks(track.take(tick(4))) == [4]


def test_after_a_cut_the_hole_names_it_and_live_ticks_are_kept() -> None:
    track = running(3)
    track.hold(GapCause.RECONNECT)
    track.take(tick(6))
    track.take(tick(7))
    steps = track.join(tick(8))
    assert steps is not None
    assert marks(steps) == [("reconnect", 2), 6, 7]
    assert marks(track.take(tick(8))) == [8]


def test_after_a_cut_a_quiet_instrument_gets_its_last_value() -> None:
    track = running(3)
    track.hold(GapCause.RECONNECT)
    steps = track.join(tick(6))
    assert steps is not None
    assert marks(steps) == [("reconnect", 2), 6]


def test_a_hole_right_after_the_snapshot_of_a_cut_still_belongs_to_the_cut() -> None:
    """A gateway that is back may answer before it has written what it kept, the newest tick of each instrument."""
    track = running(3)
    track.hold(GapCause.RECONNECT)
    steps = track.join(tick(9))
    assert steps is not None
    assert marks(steps) == [("reconnect", 5), 9]
    assert marks(track.take(tick(12))) == [("reconnect", 2), 12]
    assert marks(track.take(tick(14))) == [("sequence", 1), 14]


def test_without_a_snapshot_what_waited_is_delivered_with_its_hole() -> None:
    track = running(3)
    track.hold(GapCause.RECONNECT)
    track.take(tick(6))
    steps = track.join(None)
    assert steps is not None
    assert marks(steps) == [("reconnect", 2), 6]


@given(data=st.data())
def test_any_interleaving_delivers_each_tick_once_and_accounts_for_the_rest(data: st.DataObject) -> None:
    """The gateway counts to `last`; some live ticks are lost; cuts and snapshots fall anywhere between."""
    last = data.draw(st.integers(1, 30), label="last")
    lost = data.draw(st.sets(st.integers(1, last)), label="lost")
    track, out = held(), list[Tick | Gap]()
    baseline = False
    for seq in range(1, last + 1):
        for _ in range(data.draw(st.integers(0, 2), label="events")):
            event = data.draw(st.sampled_from(["snapshot", "cut", "again"]), label="event")
            if event == "snapshot" and track.held:
                value = tick(seq - 1) if seq > 1 else None
                out += track.join(value, final=data.draw(st.booleans(), label="final")) or ()
                baseline = True
            elif event == "cut":
                track.hold(GapCause.RECONNECT)
            elif event == "again" and seq > 1 and seq - 1 not in lost:
                out += track.take(tick(seq - 1))
        if seq not in lost:
            out += track.take(tick(seq))
    if track.held:
        out += track.join(tick(last)) or ()
        baseline = True
    assert baseline or not track.held
    seqs = [step.seq for step in out if isinstance(step, Tick)]
    assert seqs == sorted(set(seqs)), "in order, none twice"
    missing: list[int] = []
    for before, after in pairwise(out):
        if isinstance(before, Gap):
            assert before.first is not None
            assert before.last is not None
            assert before.missed == before.last - before.first + 1
            missing += range(before.first, before.last + 1)
            assert isinstance(after, Tick)
            assert after.seq == before.last + 1
    if seqs:
        assert sorted(seqs + missing) == list(range(seqs[0], seqs[-1] + 1)), "every seq delivered or reported, once"


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), max_size=40))
def test_no_order_of_arrival_makes_a_feed_go_back(arrivals: list[tuple[int, int]]) -> None:
    track = Track("ctp", RB)
    out: list[Tick | Gap] = []
    for epoch, seq in arrivals:
        out += track.take(tick(seq, epoch))
    keys = [(step.epoch, step.seq) for step in out if isinstance(step, Tick)]
    assert keys == sorted(set(keys))
    changes = sum(isinstance(step, Gap) and step.cause is GapCause.EPOCH for step in out)
    assert changes == max(0, len({epoch for epoch, _ in keys}) - 1)


def test_what_the_snapshot_overtook_is_told_apart_from_what_comes_twice() -> None:
    track = held()
    assert not track.take(tick(3))
    assert marks(track.join(tick(5)) or ()) == [5]
    for seq in (4, 5):
        assert not track.take(tick(seq))
        assert track.overtaken(tick(seq))
    assert marks(track.take(tick(6))) == [6]
    for seq in (3, 4, 5, 6):
        assert not track.take(tick(seq))
        assert not track.overtaken(tick(seq))
