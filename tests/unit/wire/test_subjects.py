import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketbus.domain.errors import BadPayload
from marketbus.domain.instrument import Exchange, Instrument, Pattern
from marketbus.wire import subjects


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60))
def test_tokens_are_safe_and_invertible(text: str) -> None:
    token = subjects.encode_token(text)
    assert all(char.isascii() and (char.isalnum() or char in "_-%") for char in token)
    assert subjects.decode_token(token) == text


@given(st.text(max_size=30))
def test_decoding_refuses_what_encoding_would_not_write(token: str) -> None:
    try:
        text = subjects.decode_token(token)
    except BadPayload:
        return
    assert subjects.encode_token(text) == token


@pytest.mark.parametrize("token", ["", "a b", "%zz", "%c3", "%41", "%", "a.b", "\udc80"])
def test_foreign_tokens_are_refused(token: str) -> None:
    with pytest.raises(BadPayload):
        subjects.decode_token(token)


def test_subjects_of_awkward_symbols() -> None:
    spread = Instrument("SPD RM701&RM703", Exchange.CZCE)
    subject = subjects.tick("ctp-main", spread)
    assert subject == "md.tick.ctp-main.CZCE.SPD%20RM701%26RM703"
    assert subjects.parse_tick(subject) == ("ctp-main", spread)


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("rb2701.SHFE", "md.tick.g.SHFE.rb2701"),
        ("rb*.SHFE", "md.tick.g.SHFE.*"),
        ("*.SHFE", "md.tick.g.SHFE.*"),
        ("*", "md.tick.g.*.*"),
    ],
)
def test_the_narrowest_wildcard(pattern: str, subject: str) -> None:
    assert subjects.tick_wildcard("g", Pattern(pattern)) == subject
