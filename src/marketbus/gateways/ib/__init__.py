"""Interactive Brokers through TWS or IB Gateway (`kind = "ib"`). Importing this loads no SDK."""

from marketbus.gateways.ib.plugin import IbPlugin

plugin = IbPlugin()
