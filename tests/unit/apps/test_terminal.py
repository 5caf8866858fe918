"""What terminal information a machine shows, on folders that look like machines."""

from pathlib import Path

import pytest

from marketbus.apps.check.terminal import mask, terminal

SERIALS = ("S4EVNF0M123456", "ZBX0123456789", "BIOS-77889900", "02:42:ac:11:00:02")
CPU = bytes.fromhex("eb060900fffb8b17")
TRIE = """Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 10.0.3.7
        /32 host LOCAL
     |-- 10.0.3.255
        /32 link BROADCAST
"""


def write(root: Path, name: str, content: str | bytes) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    write(tmp_path, "proc/net/fib_trie", TRIE)
    write(tmp_path, "proc/sys/kernel/hostname", "desk-1\n")
    write(tmp_path, "proc/sys/kernel/osrelease", "6.1.0\n")
    write(tmp_path, "etc/os-release", 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n')
    write(tmp_path, "sys/class/net/lo/address", "00:00:00:00:00:00\n")
    write(tmp_path, "sys/class/net/eth0/address", SERIALS[3] + "\n")
    return tmp_path


def told(root: Path) -> dict[str, str]:
    probes = terminal(root)
    assert all(probe.ok for probe in probes)  # informational: a missing item fails nothing
    return {item: shown for item, _, shown in (probe.detail.partition(": ") for probe in probes)}


def test_a_server_shows_everything_masked(bare: Path) -> None:
    write(bare, "sys/block/nvme0n1/device/serial", SERIALS[0] + "   \n")
    write(bare, "sys/block/sda/device/vpd_pg80", b"\0\x80\0\x0d" + SERIALS[1].encode())
    write(bare, "sys/class/dmi/id/product_serial", SERIALS[2] + "\n")
    bios = bytes([0, 6, 0, 0, 1, 2]) + b"Vendor\0\0"
    processor = bytes([4, 16, 4, 0, 1, 3, 1, 1]) + CPU + b"\0\0"
    write(bare, "sys/firmware/dmi/tables/DMI", bios + processor)
    write(bare, "usr/sbin/dmidecode", "")
    found = told(bare)
    assert found["private IP"] == "10.0.3.7"
    assert found["MAC address"] == "02…02"
    assert found["device name"] == "desk-1"
    assert found["operating system"] == "Debian GNU/Linux 12, kernel 6.1.0"
    assert found["disk serial"] == "nvme0n1 S4…56, sda ZB…89"
    assert found["CPU serial"] == "EB…17"
    assert found["BIOS serial"] == "BI…00"
    shown = "\n".join(probe.detail for probe in terminal(bare))
    assert not [serial for serial in (*SERIALS, CPU.hex().upper()) if serial in shown]
    assert "dmidecode" not in shown


def test_a_container_is_told_what_it_does_not_see(bare: Path) -> None:
    write(bare, ".dockerenv", "")
    found = told(bare)
    for item in ("disk serial", "CPU serial", "BIOS serial"):
        assert found[item].startswith("not readable; a container does not show it")
    assert found["MAC address"] == "02…02"


def test_a_virtual_machine_without_serials_says_so(bare: Path) -> None:
    write(bare, "sys/block/vda/serial", "\n")
    write(bare, "sys/class/dmi/id/product_serial", "Not Specified\n")
    found = told(bare)
    assert found["disk serial"] == "not readable; the disk has none, as many virtual disks"
    assert found["BIOS serial"] == "not readable; no DMI, as on many virtual machines"
    assert "some vendors' collectors call dmidecode, which is not installed" in found


def test_what_only_root_may_read_is_told(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(bare, "sys/class/dmi/id/product_serial", SERIALS[2])
    read = Path.read_text

    def refused(self: Path) -> str:  # the tests may run as root, whom no mode stops
        if self.name == "product_serial":
            raise PermissionError(self)
        return read(self)

    monkeypatch.setattr(Path, "read_text", refused)
    assert told(bare)["BIOS serial"].startswith("not readable; only root may read it")


@pytest.mark.parametrize("table", [b"", b"\0", b"\4\x10", b"\4\0" * 50, b"\xff" * 40, bytes(64)])
def test_a_damaged_dmi_table_is_no_serial(bare: Path, table: bytes) -> None:
    write(bare, "sys/firmware/dmi/tables/DMI", table)
    assert told(bare)["CPU serial"].startswith("not readable")


@pytest.mark.parametrize("text", ["", "1", "1234567"])
def test_a_short_serial_shows_nothing(text: str) -> None:
    assert mask(text) == "…"
