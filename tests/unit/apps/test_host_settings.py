"""How the building machine's registry settings reach the image: as a script that a shell sources, and forgets."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
PIP_CONF = """
[global]
index-url = https://user:o'brien@mirror.example/simple
extra-index-url = https://second.example/simple
    file:///opt/folder/simple
find-links = /opt/wheels
trusted-host = mirror.example
"""


def sourced(tmp_path: Path, then: str, **given: str) -> str:
    """What a shell says that sources the script and then does `then`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "SSL_", "CA_"))}
    env = clean | {"HOME": str(tmp_path)} | given
    command = [ROOT / "scripts" / "host_settings.sh"]
    text = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    (tmp_path / "host").write_text(text.replace("/run/host", f"{tmp_path}/run"))
    done = subprocess.run(
        ["sh", "-c", f". {tmp_path}/host; {then}"],
        env={"PATH": clean["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_what_pip_is_told_here_holds_there_but_for_folders_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(PIP_CONF)
    said = sourced(tmp_path, "env | grep PIP_", PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert dict(line.split("=", 1) for line in said.splitlines()) == {
        "PIP_INDEX_URL": "https://user:o'brien@mirror.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://second.example/simple",
        "PIP_TRUSTED_HOST": "mirror.example",
    }


def test_authorities_and_sources_are_there_as_long_as_the_shell(tmp_path: Path) -> None:
    bundle, sources = tmp_path / "bundle.pem", tmp_path / "mirror.sources"
    bundle.write_text("-----BEGIN CERTIFICATE-----\nAAAA$HOME\n")
    sources.write_text("Types: deb\nURIs: http://mirror.example/debian\n")
    said = sourced(
        tmp_path,
        'cat "$SSL_CERT_FILE" "$APT_CONFIG"; cat $(dirname "$APT_CONFIG")/apt.sources; echo "$https_proxy"',
        CA_BUNDLE=str(bundle),
        APT_SOURCES=str(sources),
        https_proxy="http://proxy.example:3128",
    )
    assert "AAAA$HOME" in said
    assert f'Dir::Etc::SourceList "{tmp_path}/run/apt.sources"' in said
    assert "URIs: http://mirror.example/debian" in said
    assert said.endswith("http://proxy.example:3128\n")
    assert not (tmp_path / "run").exists()
