"""`marketbus setup`: builds what the product needs outside Python."""

import sys

import typer

from marketbus.apps import china_locale
from marketbus.domain.errors import MarketBusError


def setup() -> int:
    """Build what is missing; gives the exit code."""
    if sys.platform != "linux":
        typer.echo("nothing to build on this platform")
        return 0
    failed = False
    for build in (china_locale.ensure, _lab_libraries):
        try:
            typer.echo(build())
        except MarketBusError as error:
            failed = True
            typer.echo(f"marketbus: {error}", err=True)
    return int(failed)


def _lab_libraries() -> str:
    from marketbus.lab.ctp import build
    from marketbus.lab.errors import LabError

    try:
        return f"simulated CTP libraries in {build.ensure(echo=typer.echo)}"
    except LabError as error:
        raise MarketBusError(" ".join(str(error).split())) from None
