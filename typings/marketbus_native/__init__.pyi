from pathlib import Path

HEADERS: Path
VERSION: str
