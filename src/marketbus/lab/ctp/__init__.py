"""The simulated CTP counter: libraries with the vendor's ABI, and the server they talk to."""

from marketbus.lab.ctp.client import LabControl
from marketbus.lab.ctp.options import CtpLabOptions
from marketbus.lab.ctp.server import CtpLab, serve

__all__ = ["CtpLab", "CtpLabOptions", "LabControl", "serve"]
