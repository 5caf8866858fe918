"""The entry point of kind `ib`."""

from collections.abc import Sequence

from marketbus.domain.errors import ConfigError
from marketbus.domain.schedule import Schedule
from marketbus.gateways.ib.setting import parse
from marketbus.ports.gateway import Gateway, GatewayContext, GatewaySpec


class IbPlugin:
    """TWS or IB Gateway, on this machine or another; implements ports.gateway.GatewayPlugin."""

    kind = "ib"
    schedule = Schedule.ALWAYS
    """TWS restarts itself every day, and the line finds it again; there is no counter that opens in the morning."""

    def validate(self, spec: GatewaySpec) -> None:
        """Check the settings without connecting.

        Raises:
            ConfigError: names the key and what to do.
        """
        setting = parse(spec.name, spec.setting)
        if spec.sdk == "lab" and not setting.loopback:
            raise ConfigError(
                f"gateway.{spec.name}.setting.host",
                f"{setting.host} is not on this machine, where a simulated TWS is",
                'use sdk = "vendor" for a real TWS',
            )

    def fronts(self, spec: GatewaySpec) -> Sequence[tuple[str, str, int]]:
        """TWS."""
        setting = parse(spec.name, spec.setting)
        return [("TWS", setting.host, setting.port)]

    def modules(self, spec: GatewaySpec) -> Sequence[str]:
        """What must be importable."""
        return ("ib_async",)

    def build(self, spec: GatewaySpec, context: GatewayContext) -> Gateway:
        """Load ib_async."""
        setting = parse(spec.name, spec.setting)
        if spec.trading and context.trading is None:
            raise ConfigError(f"gateway.{spec.name}.trading", "this worker has no order desk", "set it false")
        from marketbus.gateways.ib.gateway import IbGateway
        from marketbus.gateways.ib.trading_gateway import TradingIbGateway

        return TradingIbGateway(spec, setting, context) if spec.trading else IbGateway(spec, setting, context)
