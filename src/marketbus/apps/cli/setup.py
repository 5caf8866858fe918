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
    from marketbus.lab.ctp_family import Dialect


def setup() -> int:
    """Build what is missing; gives the exit code."""
    if sys.platform != "linux":
        typer.echo("nothing to build on this platform")
        return 0
    failed = False
    for build in (china_locale.ensure, *_lab_libraries()):
        try:
            typer.echo(build())
        except MarketBusError as error:
            failed = True
            typer.echo(f"marketbus: {error}", err=True)
    return int(failed)


def _lab_libraries() -> Iterator[Callable[[], str]]:
    """One build for each gateway package that is installed and has a simulated counter."""
    from marketbus.lab.kinds import COUNTERS

    for dialect in COUNTERS.values():
        try:
            metadata.distribution(dialect.distribution)
        except metadata.PackageNotFoundError:
            continue
        yield partial(_libraries, dialect)


def _libraries(dialect: "Dialect") -> str:
    from marketbus.lab.ctp_family import build
    from marketbus.lab.errors import LabError

    try:
        return f"simulated {dialect.name} libraries in {build.ensure(dialect, echo=typer.echo)}"
    except LabError as error:
        raise MarketBusError(" ".join(str(error).split())) from None
