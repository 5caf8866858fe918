"""`marketbus setup`: builds what the product needs outside Python."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING

import typer

from marketbus.apps import china_locale
from marketbus.domain.errors import MarketBusError

if TYPE_CHECKING:
    from marketbus.gateways.ctp_family.dialect import Dialect
    from marketbus.lab.ctp_family import Dialect as Counter


def setup() -> int:
    """Build what is missing; gives the exit code."""
    if sys.platform != "linux":
        typer.echo("nothing to build on this platform")
        return 0
    failed = False
    for build in (china_locale.ensure, *_libraries()):
        try:
            typer.echo(build())
        except MarketBusError as error:
            failed = True
            typer.echo(f"marketbus: {error}", err=True)
    return int(failed)


def _libraries() -> Iterator[Callable[[], str]]:
    """The builds for each gateway package that is installed and has a simulated counter."""
    from marketbus.gateways.ctp.dialect import CTP
    from marketbus.gateways.ctp_family.direct.build import shared_headers
    from marketbus.gateways.sopt.dialect import SOPT
    from marketbus.lab.kinds import COUNTERS

    for counter in COUNTERS.values():
        try:
            metadata.distribution(counter.distribution)
        except metadata.PackageNotFoundError:
            continue
        yield partial(_simulated, counter)
        if shared_headers() is not None:  # with the accelerator
            yield partial(_past_python, {CTP.kind: CTP, SOPT.kind: SOPT}[counter.kind], counter)


def _simulated(counter: "Counter") -> str:
    from marketbus.lab.ctp_family import build
    from marketbus.lab.errors import LabError

    try:
        return f"simulated {counter.name} libraries in {build.ensure(counter, echo=typer.echo)}"
    except LabError as error:
        raise _plain(error) from None


def _past_python(dialect: "Dialect", counter: "Counter") -> str:
    """The lab knows where the vendor's headers are."""
    from marketbus.gateways.ctp_family.direct import build
    from marketbus.lab.ctp_family.build import vendor_headers
    from marketbus.lab.errors import LabError

    try:
        headers = vendor_headers(counter, typer.echo)
    except LabError as error:
        raise _plain(error) from None
    return f"native {counter.name} market data in {build.ensure(dialect, headers)}"


def _plain(error: Exception) -> MarketBusError:
    return MarketBusError(" ".join(str(error).split()))
