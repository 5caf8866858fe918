"""A simulated Trader Workstation: the API socket of TWS and IB Gateway, server versions 157 to 200.

Field layouts are facts taken from the official client, ibapi 10.50, and checked against it and ib_async; order and
meaning of messages are modelled after the documentation, not recorded from a real TWS.
"""

from marketbus.lab.tws.client import TwsControl
from marketbus.lab.tws.options import TwsOptions
from marketbus.lab.tws.server import TwsLab, serve

__all__ = ["TwsControl", "TwsLab", "TwsOptions", "serve"]
