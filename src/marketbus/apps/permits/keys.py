"""Seeds of users, one file each."""

import secrets
from pathlib import Path

import nkeys

from marketbus.apps.permits import files
from marketbus.domain.errors import ConfigError


def public_key(seed_file: Path, *, new: bool) -> str:
    """The public key of the seed in the file, which is made when it is not there, or when a `new` one is wanted.

    Raises:
        ConfigError: the file holds no seed of a user.
    """
    if new or not seed_file.exists():
        files.write(seed_file, nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER))
    try:
        public = nkeys.from_seed(bytearray(seed_file.read_bytes().strip())).public_key.decode()
    except (nkeys.NkeysError, ValueError) as error:
        public = f"? {error!r}"
    except OSError as error:
        raise ConfigError(str(seed_file), error.strerror or str(error)) from None
    if not public.startswith("U"):
        raise ConfigError(str(seed_file), "holds no seed of a user", "remove it, and a new one is made")
    return public
