"""A vnpy gateway over the bus: `from marketbus.client.vnpy_gateway import MarketBusGateway`. Needs the `vnpy` extra."""

from marketbus.client.vnpy_gateway.gateway import MarketBusGateway

__all__ = ["MarketBusGateway"]
