"""Which terminal information (穿透式监管) can be read here. Counters of futures brokers want it with every login.

The vendor's library collects and encrypts it itself; this only tells what it will find. Items: 期货公司客户交易终端信息
采集及接入认证技术规范 (CFMMC, T/CFIAS), direct terminals on Linux. Nothing here fails a check: what is missing matters
only to who trades. Serials are shown masked.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from marketbus.ports.gateway import Probe

WHAT = "terminal information"
_CONTAINER = (".dockerenv", "run/.containerenv")
_BLANK = {"", "0", "None", "Not Specified", "Default string", "To be filled by O.E.M.", "System Serial Number"}
_COLLECTOR = "some vendors' collectors call dmidecode, which is not installed"

Reader = Callable[[Path], str]


def terminal(root: Path = Path("/")) -> list[Probe]:
    """One probe per item, never a failure; `root` is another one in tests."""
    inside = any((root / mark).exists() for mark in _CONTAINER)
    probes = [Probe(WHAT, True, "terminal type: Linux; collection time: the machine's clock")]
    for name, read, hint in _ITEMS:
        try:
            found = read(root)
        except PermissionError:
            found, hint = "", "only root may read it; ask your broker whether it is needed"
        except (OSError, UnicodeDecodeError):
            found = ""
        if not found and inside and name in _OF_THE_HOST:
            hint = "a container does not show it: run on the host, or ask your broker whether it is needed"
        probes.append(Probe(WHAT, True, f"{name}: {found or f'not readable; {hint}'}"))
    if not any((root / folder / "dmidecode").exists() for folder in ("usr/sbin", "usr/bin", "sbin")):
        probes.append(Probe(WHAT, True, _COLLECTOR))
    return probes


def mask(text: str) -> str:
    """Enough to recognise a serial by, not enough to copy it."""
    return f"{text[:2]}…{text[-2:]}" if len(text) >= 8 else "…"


def _text(file: Path) -> str:
    text = file.read_text().strip("\0 \n")
    return "" if text in _BLANK else text


def _interfaces(root: Path) -> Iterator[str]:
    for file in sorted((root / "sys/class/net").glob("*/address")):
        if (address := _text(file)) and set(address) - set("0:"):
            yield address


def _mac(root: Path) -> str:
    return ", ".join(mask(address) for address in _interfaces(root))


def _addresses(root: Path) -> str:
    """Own IPv4 addresses: in fib_trie each stands on the line before its `/32 host LOCAL`."""
    lines = (root / "proc/net/fib_trie").read_text().splitlines()
    found = {line.split()[-1] for line, then in pairwise(lines) if "/32 host LOCAL" in then}
    return ", ".join(sorted(address for address in found if not address.startswith("127.")))


def _host(root: Path) -> str:
    return _text(root / "proc/sys/kernel/hostname")


def _system(root: Path) -> str:
    names = (line.partition("=") for line in (root / "etc/os-release").read_text().splitlines())
    pretty = next((value.strip('"') for key, _, value in names if key == "PRETTY_NAME"), "Linux")
    return f"{pretty}, kernel {_text(root / 'proc/sys/kernel/osrelease')}"


def _disk(root: Path) -> str:
    """NVMe and virtio show it in sysfs; SCSI disks in vital product data page 80 (four bytes of header)."""
    found: list[str] = []
    refused: PermissionError | None = None
    for disk in sorted((root / "sys/block").glob("*")):
        for name, skip in (("device/serial", 0), ("serial", 0), ("device/vpd_pg80", 4)):
            try:
                serial = (disk / name).read_bytes()[skip:].decode("ascii", "ignore").strip("\0 \n")
            except PermissionError as error:
                refused = error
            except OSError:
                continue  # this disk has no such file, or it does not answer
            else:
                if serial not in _BLANK:
                    found.append(f"{disk.name} {mask(serial)}")
                    break
    if refused is not None and not found:
        raise refused
    return ", ".join(found)


def _cpu(root: Path) -> str:
    """The processor's id is in DMI structure type 4, at offset 8 (SMBIOS 7.5)."""
    table = (root / "sys/firmware/dmi/tables/DMI").read_bytes()
    at = 0
    while at + 4 <= len(table) and table[at + 1] >= 4:
        kind, length = table[at], table[at + 1]
        if kind == 4 and length >= 16 and any(table[at + 8 : at + 16]):
            return mask(table[at + 8 : at + 16].hex().upper())
        end = table.find(b"\0\0", at + length)
        if end < 0:
            break
        at = end + 2
    return ""


def _bios(root: Path) -> str:
    serial = _text(root / "sys/class/dmi/id/product_serial")
    return mask(serial) if serial else ""


_ITEMS: tuple[tuple[str, Reader, str], ...] = (
    ("private IP", _addresses, "no address but loopback's"),
    ("MAC address", _mac, "no network interface"),
    ("device name", _host, "set the host's name"),
    ("operating system", _system, "no /etc/os-release"),
    ("disk serial", _disk, "the disk has none, as many virtual disks"),
    ("CPU serial", _cpu, "no DMI table, as on many virtual machines"),
    ("BIOS serial", _bios, "no DMI, as on many virtual machines"),
)
_OF_THE_HOST = frozenset({"disk serial", "CPU serial", "BIOS serial"})
