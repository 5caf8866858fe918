"""CTP futures counters through vnpy_ctp (`kind = "ctp"`). Importing this loads no SDK."""

from marketbus.gateways.ctp.dialect import CTP
from marketbus.gateways.ctp_family.plugin import FamilyPlugin

plugin = FamilyPlugin(CTP)
