"""The entry point of a kind of the CTP family."""

from collections.abc import Sequence

from marketbus.domain.errors import ConfigError
from marketbus.domain.schedule import Schedule
from marketbus.domain.status import Level
from marketbus.gateways.ctp_family.dialect import Dialect
from marketbus.gateways.ctp_family.setting import parse
from marketbus.ports.gateway import Gateway, GatewayContext, GatewaySpec, Logged


class FamilyPlugin:
    """One member; implements ports.gateway.GatewayPlugin."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    @property
    def kind(self) -> str:
        """The word in the configuration."""
        return self._dialect.kind

    @property
    def schedule(self) -> Schedule:
        """When a line of this kind is logged in afresh."""
        return self._dialect.schedule

    def validate(self, spec: GatewaySpec) -> None:
        """Check the settings without loading the SDK.

        Raises:
            ConfigError: names the key and what to do.
        """
        setting = parse(self._dialect, spec.name, spec.setting)
        if spec.trading and not setting.td_fronts:
            raise ConfigError(
                f"gateway.{spec.name}.trading",
                "a line without a trading front cannot trade",
                "set 交易服务器, or false",
            )
        if spec.sdk not in ("vendor", "lab"):
            raise ConfigError(f"gateway.{spec.name}.sdk", f"{spec.sdk!r} is not known", '"vendor" or "lab"')
        if spec.sdk == "lab":
            for front in (*setting.md_fronts, *setting.td_fronts):
                if not front.loopback:
                    raise ConfigError(
                        f"gateway.{spec.name}.setting",
                        f"{front.address} is not on this machine, and a simulated SDK may not leave it",
                        'use sdk = "vendor" for a real front',
                    )

    def fronts(self, spec: GatewaySpec) -> Sequence[tuple[str, str, int]]:
        """Both kinds of fronts."""
        setting = parse(self._dialect, spec.name, spec.setting)
        labelled = [("md", front) for front in setting.md_fronts] + [("td", front) for front in setting.td_fronts]
        return [(f"{channel} {front.address}", front.host, front.port) for channel, front in labelled]

    def modules(self, spec: GatewaySpec) -> Sequence[str]:
        """What must be importable."""
        return (self._dialect.package,)

    def ticks_path(self, spec: GatewaySpec) -> str:
        """See ports.gateway.TakesTicksPastPython."""
        from marketbus.gateways.ctp_family.direct.choose import outlook

        return outlook(self._dialect, spec)

    def build(self, spec: GatewaySpec, context: GatewayContext) -> Gateway:
        """Load the chosen library, then vnpy's package over it."""
        from marketbus.gateways.ctp_family import sdk
        from marketbus.gateways.vnpy import folder

        setting = parse(self._dialect, spec.name, spec.setting)
        if spec.trading and context.trading is None:
            raise ConfigError(f"gateway.{spec.name}.trading", "this worker has no order desk", "set it false")
        folder.enter(context.folder)
        loaded = sdk.load(self._dialect, spec, context.lab_library, context.clock)
        from marketbus.gateways.ctp_family.direct.choose import Direct, Refused, choose
        from marketbus.gateways.ctp_family.gateway import FamilyGateway
        from marketbus.gateways.ctp_family.trading_gateway import TradingFamilyGateway

        direct: Direct | None = None
        path = f"python: native = false for {spec.name}"
        if spec.native:
            try:
                direct = choose(self._dialect, loaded, context.native_sink, context.epoch)
                path = "native"
            except Refused as refused:
                path = f"python: {refused}"
                if context.native_sink is not None:
                    context.sink.event(Logged(Level.WARNING, "gateway.not_native", {"why": str(refused)}))
        family = TradingFamilyGateway if spec.trading else FamilyGateway
        return family(self._dialect, spec, setting, context, loaded, direct, path)
