"""The command line as a user meets it: one line when something is wrong, quiet when told to stop."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

MARKETBUS = (sys.executable, "-m", "marketbus.apps.main")
NOBODY = "nats://127.0.0.1:9"


def clean(folder: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MARKETBUS")}
    return env | {"MARKETBUS_STATE": str(folder / "state"), "MARKETBUS_LANG": "en", "NO_COLOR": "1"}


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MARKETBUS, *arguments], cwd=folder, env=clean(folder), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("up",), 2, "none is configured"),
        (("up", "-c", "none.toml"), 2, "no such file"),
        (("gateway", "ctp"), 2, "gateway.ctp: is not configured"),
        (("tap", "--url", NOBODY), 1, "no NATS at nats://127.0.0.1:9"),
        (("contracts", "--url", NOBODY), 1, "no NATS at"),
        (("status", "--url", NOBODY), 1, "no NATS at"),
        (("pin", "rb*.SHFE", "--url", NOBODY), 1, "no NATS at"),
        (("reconnect", "ctp", "--url", NOBODY), 1, "no NATS at"),
        (("account", "--url", NOBODY), 1, "no NATS at"),
        (("order", "show", "grid-1", "--url", NOBODY), 1, "no NATS at"),
        (("tap", "--url", "http://x"), 2, "is not a NATS url"),
        (("calendar", "--date", "2026-10"), 2, "--date: '2026-10' is not a date"),
        (("calendar", "--at", "25:00"), 2, "--at: '25:00' is not a time"),
        (("calendar", "--date", "2026-13-40"), 2, "--date: '2026-13-40' is not a date, such as 2026-10-08"),
        (("calendar", "--date", ""), 2, "--date: '' is not a date"),
        (("calendar", "--date", "9999-12-31", "--next", "5"), 1, "about 9999-12-31 is beyond the calendar"),
        (("calendar", "SHFF"), 1, "'SHFF' is no instrument"),
        (("calendar", "rb2701"), 1, "'rb2701' is no instrument"),
        (("calendar", "AAPL.SMART"), 1, "no trading hours are known of AAPL.SMART"),
    ],
)
def test_what_goes_wrong_is_one_line(tmp_path: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = ran(tmp_path, *arguments)
    assert done.returncode == code
    (line,) = done.stderr.splitlines()
    assert line.startswith("marketbus: ")
    assert words in line
    assert not done.stdout


def test_every_problem_of_a_configuration_is_a_line(tmp_path: Path) -> None:
    file = tmp_path / "marketbus.toml"
    file.write_text('[gateway.a]\nkind = "vnpyy"\nsubscrbe = []\n[gateway.b]\nkind = "vnpy"\nsubscribe = ["rb"]\n')
    done = ran(tmp_path, "up")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 3
    checked = ran(tmp_path, "check")
    assert checked.returncode != 0
    assert len([line for line in checked.stdout.splitlines() if line.startswith("TODO configuration: gateway.")]) == 3


def test_the_calendar_needs_no_bus_and_takes_what_the_configuration_adds(tmp_path: Path) -> None:
    shown = ran(tmp_path, "calendar", "au2702.SHFE", "--date", "2026-11-21", "--at", "01:30", "--next", "2")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[:4] == [
        "2026-11-21 Saturday: no trading day, no night session",
        "01:30:00 au2702.SHFE: continuous",
        "trading day 2026-11-23",
        "  11-20 20:55 to 11-20 21:00  auction",
    ]
    assert shown.stdout.splitlines()[-1] == "next: 2026-11-23 2026-11-24"
    day = ("calendar", "--date", "2027-02-05", "--next", "1", "--json")
    guess = ran(tmp_path, *day)
    assert guess.returncode == 1  # a script must not take it for an answer
    assert guess.stderr == "marketbus: the holidays of 2027 are not known yet: name them in [calendar] holidays\n"
    assert json.loads(guess.stdout)["next"] == ["2027-02-08"]
    assert json.loads(guess.stdout)["guess"]
    config = (
        '[calendar]\nholidays = ["2027-02-08"]\n[gateway.a]\nkind = "ctp"\nsetting = { "密码" = { env = "NONE" } }\n'
    )
    (tmp_path / "marketbus.toml").write_text(config, encoding="utf-8")
    told = ran(tmp_path, *day)
    assert (told.returncode, told.stderr) == (0, "")
    answer = json.loads(told.stdout)
    assert (answer["trading_day"], answer["night"], answer["next"]) == ("2027-02-05", False, ["2027-02-09"])


def test_a_product_that_nobody_listed_is_told_from_one_that_trades(tmp_path: Path) -> None:
    shown = ran(tmp_path, "calendar", "qq.SHFE", "--date", "2026-11-20")
    assert shown.returncode == 1
    assert "11-20 09:00 to 11-20 10:15  continuous" in shown.stdout
    (line,) = shown.stderr.splitlines()
    assert line.startswith("marketbus: qq.SHFE: no hours of this product are known, shown are the usual ones")


def test_check_says_what_is_there(tmp_path: Path) -> None:
    done = ran(tmp_path, "check")
    assert done.returncode == 0, done.stdout
    assert f"ok   state: {tmp_path / 'state'}" in done.stdout
    assert {line[:4] for line in done.stdout.splitlines()} == {"ok  "}


def test_check_names_the_front_that_does_not_answer(tmp_path: Path) -> None:
    file = tmp_path / "marketbus.toml"
    setting = '"行情服务器" = "127.0.0.1:9"'
    file.write_text(f'[gateway.a]\nkind = "ctp"\nsdk = "lab"\nsetting = {{ {setting} }}\n', encoding="utf-8")
    done = ran(tmp_path, "check", "-c", str(file))
    assert done.returncode == 1
    (todo,) = [line for line in done.stdout.splitlines() if line.startswith("TODO")]
    assert "127.0.0.1:9: Connection refused; check the address and the firewall" in todo


@pytest.mark.parametrize(
    ("missing", "arguments", "line"),
    [
        ("typer", ["status"], 'marketbus: typer is not installed: pip install "marketbus[server]"'),
        ("pydantic_settings", ["up"], 'marketbus: pydantic_settings is not installed: pip install "marketbus[server]"'),
        ("pydantic_settings", ["status", "--url", NOBODY], f"marketbus: no NATS at {NOBODY}"),
    ],
)
def test_a_client_install_watches_and_is_told_what_serving_needs(missing: str, arguments: list[str], line: str) -> None:
    script = f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = {arguments!r}\n"
    script += "from marketbus.apps.main import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith(line)


def test_the_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"marketbus \d+\.\d+\.\d+\S*\n", ran(tmp_path, "--version").stdout)


class Demo:
    """`marketbus up --demo`, or another demo, running."""

    def __init__(self, folder: Path, which: str = "--demo") -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*MARKETBUS, "up", which], cwd=folder, env=clean(folder), stdout=subprocess.DEVNULL, stderr=log
            )

    @property
    def url(self) -> str:
        return self.said(r"embedded NATS server on (\S+)")

    def said(self, pattern: str, within: float = 40.0) -> str:
        deadline = time.monotonic() + within
        while (found := re.search(pattern, self.log.read_text())) is None:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return found[1]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    try:
        running.said(r"first tick after ([\d.]+) s")
        yield running
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=5) == 0
    finally:
        running.process.kill()
        running.process.wait()


def test_tap_gives_ticks_as_json(demo: Demo) -> None:
    done = ran(demo.folder, "tap", "rb*.SHFE", "--url", demo.url, "--json", "--count", "5")
    ticks = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ticks) == 5
    assert {tick["exchange"] for tick in ticks} == {"SHFE"}
    assert {tick["gateway"] for tick in ticks} == {"ctp-demo"}


def test_contracts_and_status_answer(demo: Demo) -> None:
    assert "沪深300股指" in ran(demo.folder, "contracts", "IF*.CFFEX", "--url", demo.url).stdout
    (status,) = [
        json.loads(line) for line in ran(demo.folder, "status", "--url", demo.url, "--json").stdout.splitlines()
    ]
    assert status["simulated"] is True
    assert status["md"]["state"] == "READY"
    assert "ctp-demo" in ran(demo.folder, "status", "--url", demo.url).stdout
    nothing = ran(demo.folder, "contracts", "zz*.SHFE", "--url", demo.url)
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert nothing.stderr == "marketbus: no gateway carries zz*.SHFE (see `marketbus contracts`)\n"


def test_a_demo_of_ctp_and_ib_is_one_bus(tmp_path: Path) -> None:
    both = Demo(tmp_path, "--demo-ib")
    try:
        for name in ("ctp-demo", "ib-demo"):
            both.said(rf"{name}  (READY)")
        told = ran(tmp_path, "status", "--url", both.url, "--json").stdout.splitlines()
        assert {(each["gateway"], each["simulated"]) for each in map(json.loads, told)} == {
            ("ctp-demo", True), ("ib-demo", True)
        }  # fmt: skip
        done = ran(
            tmp_path, "tap", "AAPL-USD-STK.SMART", "ES-*-USD-FUT.CME", "--url", both.url, "--json", "--count", "9"
        )
        assert {json.loads(line)["gateway"] for line in done.stdout.splitlines()} == {"ib-demo"}
    finally:
        both.process.kill()
        both.process.wait()


def test_pins_come_and_go(demo: Demo) -> None:
    assert ran(demo.folder, "pin", "cu*.SHFE", "--url", demo.url).stdout.rstrip().endswith("cu*.SHFE")
    assert "cu*.SHFE" not in ran(demo.folder, "unpin", "cu*.SHFE", "--url", demo.url).stdout


def test_a_symbol_nobody_carries_gets_suggestions(demo: Demo) -> None:
    done = ran(demo.folder, "tap", "rb9999.SHFE", "--url", demo.url)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "did you mean rb27" in line


def test_a_reader_that_goes_away_is_no_error(demo: Demo) -> None:
    argv = [*MARKETBUS, "tap", "rb*.SHFE", "--url", demo.url]
    tap = subprocess.Popen(argv, env=clean(demo.folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert tap.stdout is not None
    assert tap.stdout.readline()
    tap.stdout.close()
    assert tap.stderr is not None
    assert tap.stderr.read() == ""
    tap.wait(timeout=20)


def test_ctrl_c_ends_tap_quietly(demo: Demo) -> None:
    argv = [*MARKETBUS, "tap", "rb*.SHFE", "--url", demo.url]
    tap = subprocess.Popen(argv, env=clean(demo.folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert tap.stdout is not None
    assert tap.stdout.readline()
    tap.send_signal(signal.SIGINT)
    _, words = tap.communicate(timeout=20)
    assert tap.returncode == 130
    assert words == ""
