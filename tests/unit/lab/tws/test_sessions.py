"""Who may connect to the simulated TWS, how often it may ask, and what nonsense does."""

import random

import pytest

from marketbus.lab.tws import frame
from tests.system.poll import eventually
from tests.unit.lab.tws import independent
from tests.unit.lab.tws.talk import connect, playing


@pytest.mark.parametrize(
    ("offer", "own", "agreed"),
    [
        ("v157..178", 200, "178"),
        ("v100..226", 200, "200"),
        ("v100..226", 163, "163"),
        ("v157..200 +PACEAPI", 200, "200"),
    ],
)
async def test_the_newest_version_both_know_is_spoken(offer: str, own: int, agreed: str) -> None:
    async with playing(version=own) as lab:
        talk = await connect(lab, offer=offer)
        await talk.until(9)
        assert talk.heard[0][0] == agreed
        await talk.close()


@pytest.mark.parametrize("offer", ["v100..156", "v201..226", "nonsense"])
async def test_a_client_without_a_version_in_common_is_hung_up_on(offer: str) -> None:
    async with playing() as lab:
        talk = await connect(lab, offer=offer)
        await eventually(lambda: talk.hung_up, "the end")
        assert talk.bodies == []


async def test_a_session_begins_with_accounts_the_next_order_id_and_the_state_of_the_farms() -> None:
    async with playing(accounts=("DU1", "DU2")) as lab:
        talk = await connect(lab)
        await talk.until(4, 3)
        assert talk.heard[1:3] == [["15", "1", "DU1,DU2"], ["9", "1", "1"]]
        assert talk.codes == [2104, 2106, 2158]
        await talk.close()


async def test_a_client_id_is_used_once_at_a_time() -> None:
    async with playing() as lab:
        first, second = await connect(lab, 7), await connect(lab, 7)
        await eventually(lambda: second.hung_up, "the end")
        assert second.codes == [326]
        other = await connect(lab, 8)
        await other.settled()
        await first.close()
        await eventually(lambda: 7 not in lab.clients, "the first one gone")
        again = await connect(lab, 7)
        await again.settled()
        for talk in (other, again):
            await talk.close()


async def test_more_than_fifty_messages_a_second_end_the_connection() -> None:
    async with playing(pace=50) as lab:
        talk = await connect(lab)
        for _ in range(48):
            talk.say(49, 1)
        await talk.until(49, 48)
        assert 100 not in talk.codes
        for _ in range(51):  # all within one second, however slow the machine is
            talk.say(49, 1)
        await eventually(lambda: talk.hung_up, "the end")
        assert talk.codes[-1] == 100


async def test_a_request_that_cannot_be_read_is_told_and_the_session_lives() -> None:
    async with playing() as lab:
        talk = await connect(lab)
        talk.say(8, 1)  # a field too few
        talk.say(8, 1, 1, 1)  # a field too many
        talk.say(12, 1, 1)  # news bulletins are not played
        await talk.settled()
        assert talk.codes[3:] == [320, 320, 320]
        assert len(lab.bad_requests) == 3
        await talk.close()


WORDS = (
    "", "0", "-1", "2147483647", "1e400", "nan", "AAPL", "STK", "DU1234567", "265598", "\xff", "20261119-15:00:00",
    "1 D", "99999 Y", "TRADES", "LMT", "99999999999999999999", "1.7976931348623157e+308",
    "20261119 15:00:00 US/Nowhere",
)  # fmt: skip


async def test_nonsense_hurts_nobody() -> None:
    dice = random.Random(7)
    asked = [body.decode().split("\0")[:-1] for body in frame.split(bytearray(independent.requests(178)))]
    async with playing() as lab:
        talk, other = await connect(lab, 1), await connect(lab, 2)
        for fields in [each for each in asked if len(each) > 1] * 20:
            wrong = list(fields)
            for _ in range(dice.randint(1, 2)):
                wrong[dice.randrange(1, len(wrong))] = dice.choice(WORDS)
            talk.say(*wrong[: dice.choice((len(wrong), len(wrong), dice.randint(1, len(wrong))))])
        await talk.settled()
        await other.settled()
        assert not talk.hung_up
        assert len(lab.bad_requests) > 100
        stranger = await connect(lab, 3, offer="\xff\x00")
        await eventually(lambda: stranger.hung_up, "the end")
        for each in (talk, other):
            await each.close()
