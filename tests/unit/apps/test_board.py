import io

from rich.console import Console

from marketbus.apps.board.live import line
from marketbus.apps.board.status import status_text
from marketbus.apps.board.table import Board
from marketbus.domain.instrument import Exchange
from marketbus.domain.session import Session, SessionState
from marketbus.domain.status import GatewayStatus
from marketbus.domain.tick import Tick, TickFlag


def tick(flags: int = 0, last: float = 101.0) -> Tick:
    return Tick(
        "ctp", "rb2701", Exchange.SHFE, 1_000_000_000, 2_000_000_000, flags=flags, name="螺纹钢2701",
        last_price=last, pre_settlement=100.0, bid_price_1=-1.0, bid_volume_1=3.0,
    )  # fmt: skip


def shown(board: Board) -> str:
    stream = io.StringIO()
    Console(file=stream, width=160).print(board.render(5_000_000_000, 10))
    return stream.getvalue()


def test_the_board_shows_the_latest_tick_its_change_and_how_long_it_took() -> None:
    board = Board()
    board.take(tick(last=99.0), 2_000_000_000)
    board.take(tick(), 2_001_500_000)
    text = shown(board)
    assert "rb2701.SHFE" in text
    assert "+1.00%" in text
    assert "1.50 ms" in text
    assert "-1 × 3" in text  # a spread's price may be negative; the level is there because its volume is
    assert "2 ticks" in text
    assert "SIMULATED" not in text


def test_simulated_prices_cannot_be_taken_for_real_ones() -> None:
    board = Board()
    board.take(tick(TickFlag.SIMULATED), 2_000_000_000)
    assert "SIMULATED" in shown(board)
    assert line(tick(TickFlag.SIMULATED)).endswith("SIMULATED")


def test_no_trade_yet_shows_no_price() -> None:
    board = Board()
    board.take(tick(TickFlag.NO_LAST, last=0.0), 2_000_000_000)
    assert "-100.00%" not in shown(board)


def test_a_failed_session_shows_the_venues_words() -> None:
    failed = Session(SessionState.FAILED, since=1, code=3, message="CTP:不合法的登录")
    status = GatewayStatus(
        "ctp", "ctp", "vendor 6.7.11", False, 1, 1, 1, "h", 1, (), Session(SessionState.READY), failed,
        10, 5, 4, 0, (), 100, 1.0, None, {"overflow": 7}, {}, {},
    )  # fmt: skip
    text = status_text(status).plain
    assert "trading FAILED [3] CTP:不合法的登录" in text
    assert "4/5 subscribed of 10 contracts" in text
    assert "7 dropped: overflow" in text
