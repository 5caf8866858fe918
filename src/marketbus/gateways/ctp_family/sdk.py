"""Which native library this process uses, chosen before vnpy's package is imported."""

import ctypes
from importlib import util
from pathlib import Path
from typing import NamedTuple

from marketbus.domain.errors import ConfigError, GatewayError
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.ports.clock import Clock, MarketClock
from marketbus.ports.gateway import GatewaySpec


class Sdk(NamedTuple):
    """The library in use."""

    label: str
    """Such as `vendor v6.7.11_20250617 16:22:00.10369`."""
    simulated: bool
    market_clock: MarketClock
    md_library: Path
    version: str
    """As the market data library says it."""
    announced: int | None
    """Address of the function by which a simulated library tells its market's time."""


def load(dialect: Dialect, spec: GatewaySpec, lab_library: Path | None, clock: Clock) -> Sdk:
    """Load the vendor's library, or the simulated one in its place.

    vnpy's extension modules NEED the bare library names, so a library of that SONAME that is already in the
    process is the one they bind to; the package itself stays as it is.

    Raises:
        ConfigError: `sdk` is neither `vendor` nor `lab`.
        GatewayError: the library is missing or cannot be loaded.
    """
    if spec.sdk == "lab":
        if lab_library is None:
            raise GatewayError(f"the simulated {dialect.kind.upper()} libraries are not built", "run `marketbus setup`")
        folder = lab_library
    elif spec.sdk == "vendor":
        folder = installed(dialect)
    else:
        raise ConfigError(f"gateway.{spec.name}.sdk", f"{spec.sdk!r} is not known", '"vendor" or "lab"')
    try:
        md = ctypes.CDLL(str(folder / dialect.md_library), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / dialect.td_library), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise GatewayError(
            f"cannot load the {dialect.kind.upper()} library: {error}", "run `marketbus check`"
        ) from error
    version = md[dialect.version_symbol]
    version.restype = ctypes.c_char_p
    text = (version() or b"?").decode(errors="replace").strip()
    simulated = spec.sdk == "lab"
    label, file = f"{spec.sdk} {text}", folder / dialect.md_library
    if not simulated:
        return Sdk(label, simulated, clock, file, text, None)
    # A look takes less than letting the GIL go, which would make the loop wait for its turn.
    announced = ctypes.PyDLL(str(file))
    address = ctypes.cast(announced.marketbus_lab_clock, ctypes.c_void_p).value
    return Sdk(label, simulated, LabClock(announced, clock), file, text, address)


def installed(dialect: Dialect) -> Path:
    """The folder of the vendor's libraries.

    Raises:
        GatewayError: vnpy's package is not installed.
    """
    found = util.find_spec(dialect.package)
    if found is None or found.origin is None:
        raise GatewayError(f"{dialect.package} is not installed", f'pip install "marketbus[{dialect.kind}]"')
    return Path(found.origin).parent / "api"


class LabClock:
    """The simulated market's clock, as the simulated counter announced it through its library."""

    REFRESH = 10_000_000
    """ns of real time between two looks at the announcement: ticks that follow a jump must find the new time."""

    def __init__(self, library: ctypes.PyDLL, clock: Clock) -> None:
        self._clock = clock
        self._read = library.marketbus_lab_clock
        self._read.argtypes = (
            ctypes.POINTER(ctypes.c_longlong),
            ctypes.POINTER(ctypes.c_longlong),
            ctypes.POINTER(ctypes.c_double),
        )
        self._read.restype = ctypes.c_int
        self._looked: int | None = None
        self._real, self._market, self._rate = 0, 0, 1.0

    def now(self) -> int:
        """The market's time, ns UTC; the real time until the counter has announced its own."""
        now = self._clock.now()
        if self._looked is None or now - self._looked > self.REFRESH:
            self._look(now)
        return self._market + int((now - self._real) * self._rate)

    def _look(self, now: int) -> None:
        real, market, rate = ctypes.c_longlong(), ctypes.c_longlong(), ctypes.c_double()
        if self._read(ctypes.byref(real), ctypes.byref(market), ctypes.byref(rate)):
            self._real, self._market, self._rate = real.value, market.value, rate.value
            self._looked = now  # until it is known, no look is saved: a session that has begun must not find real time
