"""What trading costs and holds back: commission and margin rates of one instrument, as its venue gives them."""

import msgspec


class Charge(msgspec.Struct, frozen=True):
    """A share of the turnover plus an amount per lot; CTP's RatioByMoney and RatioByVolume."""

    by_money: float = 0.0
    by_volume: float = 0.0
    """Currency per lot."""

    def of(self, turnover: float, volume: float) -> float:
        """Currency for lots of that turnover together."""
        return turnover * self.by_money + volume * self.by_volume


class CommissionRates(msgspec.Struct, frozen=True):
    """Commission of one instrument. Closing what was opened the same day has its own rate on many products."""

    open: Charge = Charge()
    close: Charge = Charge()
    close_today: Charge = Charge()


class MarginRates(msgspec.Struct, frozen=True):
    """Margin of one instrument's futures positions."""

    long: Charge = Charge()
    short: Charge = Charge()


class InstrumentRates(msgspec.Struct, frozen=True):
    """The rates of one instrument as they are kept; None where the venue did not say."""

    vt_symbol: str
    margin: MarginRates | None = None
    commission: CommissionRates | None = None
    asked: int = 0
    """ns UTC, when the venue was asked on this trading day; 0: not yet."""


class Rates(msgspec.Struct, frozen=True):
    """Both; None where the venue was not asked or did not say."""

    commission: CommissionRates | None = None
    margin: MarginRates | None = None
