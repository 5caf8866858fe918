"""Hosts any vnpy BaseGateway (`kind = "vnpy"`, `class = "package:Class"`). Importing this loads no vnpy."""

from marketbus.gateways.vnpy.plugin import VnpyPlugin

plugin = VnpyPlugin()
