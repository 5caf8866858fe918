"""CTP counters for options on stocks and funds through vnpy_sopt (`kind = "sopt"`). Importing this loads no SDK."""

from marketbus.gateways.ctp_family.plugin import FamilyPlugin
from marketbus.gateways.sopt.dialect import SOPT

plugin = FamilyPlugin(SOPT)
