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
