"""CTP futures counters through vnpy_ctp (`kind = "ctp"`). Importing this loads no SDK."""

from marketbus.gateways.ctp.plugin import CtpPlugin

plugin = CtpPlugin()
