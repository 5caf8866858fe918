"""Where marketbus keeps things on disk."""

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs


def state_dir(env: Mapping[str, str] = os.environ) -> Path:
    """Everything that must survive a restart: `MARKETBUS_STATE`, else the platform's folder for user state."""
    chosen = env.get("MARKETBUS_STATE")
    return Path(chosen).expanduser().resolve() if chosen else platformdirs.user_state_path("marketbus")


def gateway_dir(state: Path, name: str) -> Path:
    """The private folder of one gateway: working directory of its worker, SDK flow files, caches."""
    return state / "gateways" / name


def journal_file(state: Path, name: str) -> Path:
    """The order journal of one gateway's worker; SQLite keeps its own files beside it."""
    return gateway_dir(state, name) / "journal" / "journal.sqlite"


def journal_files(state: Path) -> dict[str, Path]:
    """The journals that exist, by gateway."""
    found = sorted((state / "gateways").glob("*/journal/journal.sqlite"))
    return {path.parents[1].name: path for path in found}


def supervisor_socket(state: Path) -> Path:
    """Where the supervisor answers without NATS."""
    return state / "supervisor.sock"


def desk_socket(state: Path, name: str) -> Path:
    """Where a gateway's order desk answers without NATS."""
    return gateway_dir(state, name) / "desk.sock"


def nats_dir(state: Path) -> Path:
    """Store of the embedded NATS server."""
    return state / "nats"


def cache_dir() -> Path:
    """What can be made again: the locale, the simulated libraries."""
    return platformdirs.user_cache_path("marketbus")


def private(folder: Path) -> Path:
    """Make a folder that only its owner can read."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
