"""The optional accelerator of marketbus."""

from pathlib import Path

HEADERS = Path(__file__).parent / "core"
"""Folder of the header-only core, for native code that is compiled against it."""

VERSION = "0.1.0"
