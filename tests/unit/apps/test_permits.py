"""`marketbus permits`: what it writes, what it leaves alone, what it says of mistakes."""

import re
import shutil
import stat
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from marketbus.adapters.nats.embedded import find_binary
from marketbus.apps.permits.write import write
from marketbus.domain.errors import ConfigError

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DEPLOY = Path(__file__).parents[3] / "deploy" / "nats"
USERS = """
url = ["tls://bus.example:4222"]
[tls]
hosts = ["bus.example", "10.0.0.1"]
[user.li]
role = "trader"
[user.duty]
role = ["operator", "consumer"]
[user.box]
role = "gateway"
gateways = ["ctp-main"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "users.toml"
    file.write_text(USERS)
    return file


def made(file: Path, *rotate: str, now: datetime = NOW) -> list[str]:
    return list(write(file, rotate, now))


def contents(folder: Path, *names: str) -> list[bytes]:
    return [(folder / name).read_bytes() for name in names]


def public_keys(file: Path) -> dict[str, str]:
    text = (file.parent / "users.conf").read_text()
    return dict(re.findall(r"\{ # (\w+): .*\n    nkey: (U\w+)", text))


def modes(files: Iterable[Path]) -> set[int]:
    return {stat.S_IMODE(each.stat().st_mode) for each in files}


def test_secrets_are_readable_by_their_owner_only_and_the_configuration_holds_none(file: Path) -> None:
    said = made(file)
    folder = file.parent
    assert modes([folder / "keys", folder / "tls"]) == {0o700}
    assert modes([*(folder / "keys").iterdir(), *(folder / "tls").glob("*.key")]) == {0o600}
    assert public_keys(file).keys() == {"li", "duty", "box"}
    seeds = [each.read_text() for each in (folder / "keys").glob("*.nk")]
    assert all(seed.startswith("SU") for seed in seeds)
    conf = (folder / "users.conf").read_text()
    assert not any(seed in conf + "".join(said) for seed in seeds)
    assert (folder / "keys" / "li.env").read_text().splitlines() == [
        "MARKETBUS_URL=tls://bus.example:4222",
        "MARKETBUS_PRINCIPAL=li",
        f"MARKETBUS_NKEY={folder / 'keys' / 'li.nk'}",
        f"MARKETBUS_TLS_CA={folder / 'tls' / 'ca.pem'}",
    ]


def test_a_second_run_changes_nothing_and_a_rotation_one_key(file: Path) -> None:
    made(file)
    folder, before = file.parent, public_keys(file)
    kept = contents(folder, "users.conf", "tls/server.pem", "tls/ca.pem", "keys/li.nk", "keys/box.nk")
    assert not [line for line in made(file) if "new" in line]
    assert contents(folder, "users.conf", "tls/server.pem", "tls/ca.pem", "keys/li.nk", "keys/box.nk") == kept
    made(file, "li")
    after = public_keys(file)
    assert {name for name in before if before[name] != after[name]} == {"li"}


def test_the_certificate_is_replaced_when_it_ends_or_serves_other_hosts_and_the_authority_stays(file: Path) -> None:
    made(file)
    tls = file.parent / "tls"
    authority, first = contents(tls, "ca.pem", "server.pem")
    certificate = x509.load_pem_x509_certificate(first)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["bus.example"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    assert any("new certificate" in line for line in made(file, now=NOW + timedelta(days=380)))
    second = (tls / "server.pem").read_bytes()
    file.write_text(USERS.replace('"10.0.0.1"', '"10.0.0.2"'))
    made(file, now=NOW + timedelta(days=380))
    assert len({first, second, (tls / "server.pem").read_bytes()}) == 3
    assert (tls / "ca.pem").read_bytes() == authority


def test_a_user_may_keep_its_seed(file: Path, tmp_path: Path) -> None:
    made(file)
    theirs = public_keys(file)["li"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "users.toml").write_text(f'[user.wang]\nrole = "consumer"\nnkey = "{theirs}"\n')
    made(other / "users.toml")
    assert public_keys(other / "users.toml") == {"wang": theirs}
    assert "MARKETBUS_NKEY" not in (other / "keys" / "wang.env").read_text()
    assert not list((other / "keys").glob("*.nk"))


def test_the_key_of_a_user_that_is_gone_is_named(file: Path) -> None:
    made(file)
    file.write_text(USERS.replace("[user.li]", "[user.zhao]"))
    (line,) = [line for line in made(file) if "its user is gone" in line]
    assert "li.nk" in line
    assert "li" not in public_keys(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "user"),
        ("user = {}", "there is none"),
        ("[user.li]\nrole = 'tradr'", "roles: consumer, trader, operator, gateway"),
        ("[user.li]\nrole = []", r"user\.li\.role"),
        ("[user.li]\nrole = 'trader'\naccount = ['a']", "unknown field `account`"),
        ("[user.'l i']\nrole = 'trader'", "not a name of a user"),
        ("[user.li]\nrole = 'trader'\ngateways = ['a.>']", r"user\.li\.gateways: 'a\.>'"),
        ("[user.li]\nrole = 'trader'\naccounts = ['*']", r"user\.li\.accounts"),
        ("[user.box]\nrole = 'gateway'", r"user\.box\.gateways: is missing"),
        ("[user.box]\nrole = ['gateway', 'trader']\ngateways = ['a']", "mixes gateway"),
        ("[user.li]\nrole = 'consumer'\naccounts = ['a']", "is a consumer"),
        ("[user.li]\nrole = 'consumer'\nnkey = 'SUAAAA'", "a seed .* stays with its user"),
        ("[tls]\nhosts = []\n[user.li]\nrole = 'consumer'", "tls.hosts"),
        ("[user.li", "is not TOML"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "users.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        made(file)
    assert list(tmp_path.iterdir()) == [file]


def test_a_key_file_that_holds_none_is_not_overwritten(file: Path) -> None:
    (file.parent / "keys").mkdir()
    (file.parent / "keys" / "li.nk").write_text("not a seed")
    with pytest.raises(ConfigError, match=r"li\.nk: holds no seed"):
        made(file)
    assert (file.parent / "keys" / "li.nk").read_text() == "not a seed"


def test_nats_server_takes_what_is_deployed(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path, dirs_exist_ok=True)
    made(tmp_path / "users.toml", now=datetime.now(UTC))
    conf = tmp_path / "nats-server.conf"
    done = subprocess.run(
        [find_binary(), "-c", conf.name, "-t"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr


def test_who_is_not_there_cannot_get_another_key(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"user\.wang: is not in users\.toml"):
        made(file, "wang")
