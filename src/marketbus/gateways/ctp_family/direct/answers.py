"""Answers what the core has not seen before: contract facts, dates, trading hours. All rules stay in Python, once."""

import ctypes
from collections.abc import Callable

from marketbus.domain.exchange_time import AHEAD
from marketbus.domain.instrument import Exchange
from marketbus.domain.market_calendar import MarketCalendar, Phase
from marketbus.domain.tick import TickFlag
from marketbus.domain.times import NS
from marketbus.gateways.ctp_family.direct.library import STRETCHES, Answer, Ask, Question, Stretch
from marketbus.gateways.ctp_family.direct.text import decode
from marketbus.gateways.ctp_family.translate import BadTick, Placed, Translator

_MIDNIGHT = 16 * 3600 * NS
"""00:00 in Shanghai of 1970-01-02, in UTC."""
_DAY = 86_400 * NS
_PARTS = ((0, 6 * 3600 * NS), (6 * 3600 * NS, 18 * 3600 * NS), (18 * 3600 * NS, _DAY))
"""Within each a date, and what its trading day is, stay the same; native/answer.hpp: Part."""
_CLOSED = int(TickFlag.OUT_OF_SESSION)
_FLAGS = {Phase.CLOSED: _CLOSED, Phase.AUCTION: int(TickFlag.AUCTION), Phase.CONTINUOUS: 0}


class Answers:
    """Called in the SDK's thread, one question at a time."""

    def __init__(self, translator: Translator, market: MarketCalendar, reject: Callable[[str, str, str], None]) -> None:
        """`reject`: cause, symbol and detail of a record that is no tick."""
        self._translator = translator
        self._market = market
        self._reject = reject
        self._exchanges: dict[Exchange, int] = {}
        self._products: dict[tuple[Exchange, str], int] = {}
        self._texts: tuple[bytes, ...] = ()
        """Keeps alive what the last answer points to."""
        self.ask = Ask(self._ask)
        """The callback; lives as long as this object."""

    def _ask(self, question: "ctypes._Pointer[Question]", answer: "ctypes._Pointer[Answer]") -> None:  # pyright: ignore[reportPrivateUsage]
        asked = question.contents
        symbol = decode(asked.instrument)
        try:
            placed = self._translator.place(
                symbol,
                decode(asked.trading_day),
                decode(asked.action_day),
                decode(asked.update_time),
                asked.millisec,
                asked.volume,
                asked.market_now,
            )
            self._fill(answer.contents, symbol, placed, asked.market_now)
        except BadTick as bad:
            self._reject(bad.cause, symbol, str(bad))
        except Exception as error:  # noqa: BLE001 (the last frame before foreign code)
            self._reject("malformed", symbol, f"{type(error).__name__}: {error}")

    def _fill(self, answer: Answer, symbol: str, placed: Placed, now: int) -> None:
        facts = placed.facts
        self._texts = answer.symbol, answer.exchange, answer.name = (
            symbol.encode(),
            facts.exchange.encode(),
            facts.name.encode(),
        )
        answer.average_divisor = self._translator.average_divisor(facts.exchange, facts.size) or 0.0
        answer.instant = placed.instant
        answer.trading_day = placed.trading_day
        answer.flags = placed.flags
        answer.exchange_id = self._exchanges.setdefault(facts.exchange, len(self._exchanges))
        answer.product_id = self._products.setdefault((facts.exchange, facts.product), len(self._products))
        second = placed.instant // NS * NS
        midnight = (second - _MIDNIGHT) // _DAY * _DAY + _MIDNIGHT
        answer.midnight = midnight
        # What was inferred holds for this moment only, and the trading day of an old time is found in another way.
        answer.keeps = not placed.inferred and now - AHEAD <= second <= now + AHEAD
        stretches = self._stretches(facts.exchange, facts.product, placed.instant, midnight)
        answer.stretches = len(stretches)
        answer.stretch[: len(stretches)] = stretches
        answer.taken = 1

    def _stretches(self, exchange: Exchange, product: str, instant: int, midnight: int) -> list[Stretch]:
        """The phases from now on, so that a session's first ticks need not ask."""
        found: list[Stretch] = []
        at = instant
        while len(found) < STRETCHES and (stretch := self._market.stretch(exchange, product, at)) is not None:
            found.append(Stretch(stretch.start, stretch.end, _FLAGS[stretch.phase], _CLOSED))
            at = stretch.end
        if not found:  # no hours are known, which is so for this part of the day at least
            start, end = next((start, end) for start, end in _PARTS if midnight + end > instant)
            found.append(Stretch(midnight + start, midnight + end, 0, 0))
        return found
