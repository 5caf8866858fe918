"""Simulated counters of the CTP family: libraries with the vendor's ABI, and the server they talk to."""

from marketbus.lab.ctp_family.client import LabControl
from marketbus.lab.ctp_family.dialect import Dialect
from marketbus.lab.ctp_family.options import LabOptions
from marketbus.lab.ctp_family.server import CounterLab, serve

__all__ = ["CounterLab", "Dialect", "LabControl", "LabOptions", "serve"]
