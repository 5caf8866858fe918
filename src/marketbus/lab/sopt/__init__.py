"""The simulated SOPT counter: options on funds, of both stock exchanges."""

from marketbus.lab.sopt.dialect import SOPT

__all__ = ["SOPT"]
