"""In whose name a terminal speaks on the bus."""

import getpass
import os

from marketbus.client.options import PRINCIPAL_VARIABLE


def principal() -> str:
    """The bus's user where one is named, else the user of this machine."""
    return os.environ.get(PRINCIPAL_VARIABLE, "").strip() or getpass.getuser()
