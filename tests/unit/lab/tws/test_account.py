"""Net positions and money of the simulated TWS, in exact decimals."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketbus.lab.tws.account import Account, Position, commission
from marketbus.lab.tws.catalogue import Catalogue

CATALOGUE = Catalogue(date(2026, 11, 20))
AAPL = CATALOGUE.by_id[265598]
FUTURE = next(each for each in CATALOGUE.contracts if each.sec_type == "FUT" and each.symbol == "ES")
D = Decimal


def test_a_position_is_bought_reduced_and_turned() -> None:
    position = Position(AAPL)
    assert position.trade(D(100), D(10), D(1)) is None
    assert (position.size, position.cost) == (D(100), D("10.01"))
    assert position.trade(D(-40), D(11), D(1)) == D("38.6")
    assert (position.size, position.cost) == (D(60), D("10.01"))
    assert position.trade(D(-100), D(9), D(1)) == D("-61.2")
    assert (position.size, position.cost) == (D(-40), D("8.99"))
    assert position.realised == D("-22.6")


def test_shares_move_cash_and_futures_only_their_profit() -> None:
    account = Account("DU1", lambda contract: contract.base, D(1000))
    account.fill(AAPL, D(2), D(100), D(1))
    assert account.cash == {"USD": D(799)}
    account.fill(FUTURE, D(1), D(6000), D("2.25"))
    assert account.cash == {"USD": D(799)}
    account.fill(FUTURE, D(-1), D(6010), D("2.25"))
    assert account.cash == {"USD": D(799) + 10 * 50 - D("4.5")}


@given(
    st.lists(
        st.tuples(
            st.sampled_from((AAPL, FUTURE)), st.sampled_from((-3, -2, -1, 1, 2, 3)), st.integers(90, 110),
            st.integers(0, 3),
        ),
        max_size=20,
    )
)  # fmt: skip
def test_money_adds_up_whatever_is_traded(trades: list[tuple[object, int, int, int]]) -> None:
    account = Account("DU1", lambda _: D(100), D(100_000))
    for contract, size, price, fee in trades:
        account.fill(AAPL if contract is AAPL else FUTURE, D(size), D(price), D(fee))
    gained = account.net_liquidation - D(100_000)
    assert abs(gained - account.realised - account.unrealised) < D("0.000001")


def test_an_orders_first_fill_pays_the_minimum() -> None:
    assert commission(AAPL, D(10), D(230), first=True) == 1
    assert commission(AAPL, D(10), D(230), first=False) == D("0.05")
    assert commission(FUTURE, D(2), D(6000), first=True) == D("4.5")


def test_what_is_listed_stays_the_same_on_a_day() -> None:
    again = Catalogue(date(2026, 11, 20))
    assert again.contracts == CATALOGUE.contracts
    kinds = {each.sec_type for each in CATALOGUE.contracts}
    assert kinds == {"STK", "FUT", "OPT", "CASH", "CRYPTO", "CFD", "IND", "CONTFUT"}
    assert [each.expiry for each in CATALOGUE.contracts if each.symbol == "ES" and each.sec_type == "FUT"] == [
        "20261218", "20270319", "20270618", "20270917",
    ]  # fmt: skip
    assert len({each.con_id for each in CATALOGUE.contracts if each.sec_type != "CONTFUT"}) == len(CATALOGUE.by_id)
