"""What a gateway remembers on disk."""

from marketbus.adapters.state.files import FileStateStore

__all__ = ["FileStateStore"]
