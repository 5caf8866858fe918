"""Settlement statements as text files: `settlements/<account>/<yyyymmdd>.txt` in the gateway's folder, UTF-8."""

from pathlib import Path

from marketbus.adapters.state.files import replace_file


class FileStatements:
    """`ports.statements.StatementStore`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, trading_day: int, text: str) -> None:
        """See `StatementStore`. Line ends stay the venue's."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._file(trading_day), text.encode())

    def load(self, trading_day: int) -> str | None:
        """See `StatementStore`."""
        try:
            return self._file(trading_day).read_bytes().decode(errors="replace")
        except OSError:
            return None

    def days(self) -> list[int]:
        """See `StatementStore`."""
        return sorted(int(file.stem) for file in self._folder.glob("[0-9]" * 8 + ".txt"))

    def _file(self, trading_day: int) -> Path:
        return self._folder / f"{trading_day:08}.txt"
