"""An account: its funds."""

import msgspec


class Account(msgspec.Struct, frozen=True, array_like=True, tag="td.account/1", gc=False):
    """The funds of one account, in `currency`; the fields are in wire order."""

    gateway: str
    account: str
    """The alias of the account in the configuration, not its number."""
    balance: float = 0.0
    """Equity: what was there before, plus deposits, profit and loss, minus commission."""
    available: float = 0.0
    """What new orders may use."""
    frozen: float = 0.0
    """Held back for open orders: margin, cash and commission."""
    journal_position: int = 0
    margin: float = 0.0
    """Held for positions."""
    frozen_margin: float = 0.0
    frozen_cash: float = 0.0
    frozen_commission: float = 0.0
    commission: float = 0.0
    """Of today."""
    position_profit: float = 0.0
    """Of held lots, mark to market."""
    close_profit: float = 0.0
    """Realised today, mark to market."""
    deposit: float = 0.0
    withdraw: float = 0.0
    pre_balance: float = 0.0
    """Equity at the last settlement."""
    risk_ratio: float | None = None
    """Margin over equity; None without equity."""
    currency: str = "CNY"
    trading_day: int = 0
    """yyyymmdd"""
    updated: int = 0
    """ns UTC"""
    ext: dict[str, str | int | float | bool | None] | None = None

    @property
    def profit(self) -> float:
        """Of today, after commission."""
        return self.close_profit + self.position_profit - self.commission
