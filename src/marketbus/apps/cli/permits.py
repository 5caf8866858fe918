"""`marketbus permits`: who may do what on the bus, for nats-server."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from marketbus.apps.permits.write import write


def permits(file: Path, rotate: list[str]) -> None:
    """Write what belongs beside the file, and say what is new."""
    for line in write(file, rotate, datetime.now(UTC)):
        typer.echo(line)
