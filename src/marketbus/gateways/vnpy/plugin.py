"""The entry point of kind `vnpy`."""

import re
from collections.abc import Sequence

from marketbus.domain.errors import ConfigError
from marketbus.domain.schedule import Schedule
from marketbus.ports.gateway import Gateway, GatewayContext, GatewaySpec

_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class VnpyPlugin:
    """Any vnpy gateway, by its class."""

    kind = "vnpy"
    schedule = Schedule.ALWAYS

    def validate(self, spec: GatewaySpec) -> None:
        """Check what can be checked without importing the class.

        Raises:
            ConfigError: `class` is missing or is not `package:Class`.
        """
        if not _CLASS.fullmatch(spec.class_path):
            raise ConfigError(
                f"gateway.{spec.name}.class",
                f"{spec.class_path!r} does not name a gateway class",
                'such as class = "vnpy_ctp:CtpGateway"',
            )
        if spec.sdk != "vendor":
            raise ConfigError(
                f"gateway.{spec.name}.sdk", f"{spec.sdk!r} is not known to kind vnpy", 'leave it "vendor"'
            )

    def fronts(self, spec: GatewaySpec) -> Sequence[tuple[str, str, int]]:
        """Nothing is known of a foreign gateway's addresses."""
        return ()

    def modules(self, spec: GatewaySpec) -> Sequence[str]:
        """The package that holds the class."""
        return (spec.class_path.partition(":")[0],)

    def ticks_path(self, spec: GatewaySpec) -> str:
        """See ports.gateway.TakesTicksPastPython."""
        return "native" if spec.native else f"python: native = false for {spec.name}"

    def build(self, spec: GatewaySpec, context: GatewayContext) -> Gateway:
        """Import the class and host it."""
        from marketbus.gateways.vnpy import folder

        folder.enter(context.folder)
        from marketbus.gateways.vnpy.gateway import VnpyGateway
        from marketbus.gateways.vnpy.hosted import load_class

        return VnpyGateway(spec, context, load_class(spec))
