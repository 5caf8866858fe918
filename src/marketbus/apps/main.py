"""The console script `marketbus`."""

import sys

from marketbus.client.tls_noise import hush
from marketbus.domain.errors import ConfigError, MarketBusError


def main() -> None:
    """Run a command; what goes wrong is one line on stderr and an exit code, never a traceback."""
    hush()
    try:
        from marketbus.apps.cli import commands

        commands.app()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("marketbus"):
            raise
        sys.stderr.write(f'marketbus: {error.name} is not installed: pip install "marketbus[server]"\n')
        sys.exit(1)
    except MarketBusError as error:
        sys.stderr.write("".join(f"marketbus: {line}\n" for line in str(error).splitlines()))
        sys.exit(2 if isinstance(error, ConfigError) else 1)


if __name__ == "__main__":
    main()
