"""What outlives a worker: pins, epochs, subscriptions, and the clients' feeds."""

import signal

from marketbus import GapCause
from tests.system import Recorder, System, eventually


async def test_pins_outlive_the_worker_and_unpinned_ones_do_not(system: System) -> None:
    worker = system.worker("IF2612.CFFEX")
    async with system.connect(principal="alice") as bus:
        first = await system.ready(bus)
        pins = await bus.pin("rb2701.SHFE", "SA*.CZCE")
        assert set(pins["ctp"]) == {"IF2612.CFFEX", "rb2701.SHFE", "SA*.CZCE"}
        assert await bus.unpin("SA*.CZCE") == {"ctp": ["IF2612.CFFEX", "rb2701.SHFE"]}
        await eventually(lambda: system.lab.subscribed == {"IF2612", "rb2701"}, "the pins at the venue")
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0
        await eventually(lambda: not system.lab.subscribed, "the end of the session at the venue")
        system.worker("IF2612.CFFEX")
        again = await system.ready(bus, after=first.epoch)
        assert again.pins == ("IF2612.CFFEX", "rb2701.SHFE")
        await eventually(lambda: system.lab.subscribed == {"IF2612", "rb2701"}, "the pins at the venue again")
    assert "alice unpinned SA*.CZCE" in worker.words()


async def test_a_reconnect_is_a_new_epoch_and_asks_once_for_each_instrument(system: System) -> None:
    file = system.config(ctp=system.gateway("rb2701.SHFE"))
    system.cli("up", "up", "-c", str(file))
    wanted = {"rb2701", "SA701", "m2701"}
    async with system.connect() as bus:
        await system.ready(bus)
        seen, epochs = Recorder(), list[int]()
        async with await seen.follow(bus, "rb2701.SHFE", "SA701.CZCE", "m2701.DCE"):
            for _ in range(2):
                status = await system.ready(bus, after=max(epochs, default=0))
                epochs.append(status.epoch)
                await eventually(
                    lambda: {tick.symbol for tick in seen.live if tick.epoch == epochs[-1]} == wanted,
                    f"ticks in epoch {len(epochs)}",
                )
                assert system.lab.control.status()["subscribe_requests"] == len(wanted) * len(epochs)
                await bus.reconnect("ctp")
            epochs.append((await system.ready(bus, after=epochs[-1])).epoch)
        assert epochs == sorted(set(epochs))
        assert {gap.cause for gap in seen.gaps} == {GapCause.EPOCH}
        assert {tick.epoch for tick in seen.ticks} <= set(epochs)
        assert [tick.epoch for tick in seen.ticks] == sorted(tick.epoch for tick in seen.ticks)
        for symbol in wanted:
            for epoch in epochs[:2]:
                seqs = [tick.seq for tick in seen.ticks if (tick.symbol, tick.epoch) == (symbol, epoch)]
                assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


async def test_a_feed_opened_before_any_gateway_starts_when_one_comes(system: System) -> None:
    async with system.connect() as bus:
        waiting = anext(aiter(bus.ticks("rb2701.SHFE", wait=20)))
        system.worker()
        assert (await waiting).symbol == "rb2701"
