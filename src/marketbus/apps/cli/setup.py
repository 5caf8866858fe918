"""`marketbus setup`: builds what the product needs outside Python."""

import sys

import typer

from marketbus.apps import china_locale
from marketbus.domain.errors import MarketBusError


def setup() -> None:
    """Build the zh_CN.GB18030 locale and the simulated CTP libraries, where they are missing."""
    if sys.platform != "linux":
        typer.echo("nothing to build on this platform")
        return
    failed = False
    for build in (china_locale.ensure, _lab_libraries):
        try:
            typer.echo(build())
        except MarketBusError as error:
            failed = True
            typer.echo(f"marketbus: {error}", err=True)
    if failed:
        raise typer.Exit(1)


def _lab_libraries() -> str:
    from marketbus.lab.ctp import build
    from marketbus.lab.errors import LabError

    try:
        return f"simulated CTP libraries in {build.ensure(echo=typer.echo)}"
    except LabError as error:
        raise MarketBusError(" ".join(str(error).split())) from None
