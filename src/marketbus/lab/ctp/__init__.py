"""The simulated CTP counter: what it has of its own in its family."""

from marketbus.lab.ctp.dialect import CTP

__all__ = ["CTP"]
