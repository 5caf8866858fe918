"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None,
    typer.Option("-c", "--config", help="Configuration file; else MARKETBUS_CONFIG, else ./marketbus.toml."),
]
Url = Annotated[str | None, typer.Option("--url", help="NATS url; else MARKETBUS_URL, else nats://127.0.0.1:4222.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
OnlyGateway = Annotated[str | None, typer.Option("--gateway", "-g", help="Only this gateway.")]
Patterns = Annotated[
    list[str] | None, typer.Argument(metavar="[PATTERN]...", help="Such as rb2701.SHFE, 'rb*.SHFE' or '*'.")
]
