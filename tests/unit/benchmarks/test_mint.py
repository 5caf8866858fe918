import time
from datetime import date

from benchmarks.quote import Subjects, decode, encode
from benchmarks.sources.mint import STATES, Mint, market_offset
from marketbus.lab.instruments import listings

LISTED = listings(date(2026, 9, 1), 3)


def test_every_tick_is_an_object_of_its_own_and_volume_rises_by_one() -> None:
    mint = Mint("bench", LISTED, time.time_ns())
    ticks = [mint.tick(0) for _ in range(2 * STATES)]
    assert [tick.volume for tick in ticks] == list(range(1, 2 * STATES + 1))
    assert len({id(vars(tick)) for tick in ticks}) == len(ticks)
    assert mint.volumes == {LISTED[0].symbol: 2 * STATES, LISTED[1].symbol: 0, LISTED[2].symbol: 0}


def test_it_is_what_vnpys_constructor_makes_and_all_of_it_reaches_a_consumer() -> None:
    tick = Mint("bench", LISTED, time.time_ns()).tick(1)
    again = type(tick)(**{name: value for name, value in vars(tick).items() if name != "vt_symbol"})
    assert vars(again) == vars(tick)
    quote = decode(encode(tick))
    for name in quote.__struct_fields__:
        sent = getattr(tick, name)
        assert getattr(quote, name) == (sent.value if name == "exchange" else sent)


def test_its_stamp_is_ours_moved_by_the_offset_it_tells() -> None:
    began = time.time_ns()
    tick = Mint("bench", LISTED, began).tick(0)
    age = time.time_ns() + market_offset(began) - round(tick.datetime.timestamp() * 1e6) * 1000
    assert 0 <= age < 5e9


def test_a_subject_is_one_word_for_nats_whatever_the_symbol() -> None:
    tick = Mint("bench", LISTED, 0).tick(0)
    tick.symbol = "SPD RM501&RM503"
    assert Subjects().of(tick) == f"md.tick.bench.{tick.exchange.value}.SPD%20RM501%26RM503"
