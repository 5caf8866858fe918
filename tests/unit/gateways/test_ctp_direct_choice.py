"""Ticks go past Python only through an SDK that is known byte for byte; otherwise Python takes them and says why."""

from pathlib import Path

import pytest

from marketbus.adapters.clock import SystemClock
from marketbus.gateways.ctp import plugin
from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.direct import build
from marketbus.gateways.ctp_family.direct.choose import Refused, choose, unknown
from marketbus.gateways.ctp_family.sdk import Sdk, installed
from marketbus.gateways.sopt.dialect import SOPT
from marketbus.lab.kinds import COUNTERS
from marketbus.ports.gateway import GatewaySpec, TakesTicksPastPython
from tests.system import past_python

VERSION = "v6.7.11_20250617 16:22:00.10369"
VENDOR = installed(CTP) / CTP.md_library


def spec(*, sdk: str = "vendor", native: bool = True) -> GatewaySpec:
    return GatewaySpec("main", "ctp", sdk, {}, native=native)


def test_the_vendors_libraries_that_the_packages_bring_are_known() -> None:
    assert unknown(CTP, VENDOR, VERSION, simulated=False) is None
    assert SOPT.direct is not None
    (version,) = SOPT.direct.versions
    assert unknown(SOPT, installed(SOPT) / SOPT.md_library, version, simulated=False) is None


def test_another_release_is_not() -> None:
    why = unknown(CTP, VENDOR, "v6.7.7_20240607 12:00:00", simulated=False)
    assert why == "SDK version v6.7.7_20240607 12:00:00 is not known"


def test_a_file_that_differs_in_one_byte_is_not(tmp_path: Path) -> None:
    copy = tmp_path / CTP.md_library
    copy.write_bytes(VENDOR.read_bytes() + b"\0")
    why = unknown(CTP, copy, VERSION, simulated=False)
    assert why == "libthostmduserapi_se.so is not the one that vnpy's release 6.7.11.4 brings"


def sdk(version: str = VERSION) -> Sdk:
    return Sdk(f"vendor {version}", False, SystemClock(), VENDOR, version, None)


def test_without_the_accelerator_nothing_is_loaded() -> None:
    with pytest.raises(Refused, match="the accelerator is not in use"):
        choose(CTP, sdk(), None, 1)


def test_an_unknown_sdk_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(Refused, match="SDK version v7 is not known"):
        choose(CTP, sdk("v7"), object(), 1)


def test_check_tells_what_will_be() -> None:
    assert isinstance(plugin, TakesTicksPastPython)
    assert plugin.ticks_path(spec(native=False)) == "python: native = false for main"
    past_python.ensure(COUNTERS["ctp"])
    built = build.shared_headers() is not None
    expected = "native" if built else "python: its core is not built, run `marketbus setup`"
    assert plugin.ticks_path(spec()) == plugin.ticks_path(spec(sdk="lab")) == expected
