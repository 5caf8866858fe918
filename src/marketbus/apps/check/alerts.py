"""Where alerts go; nothing is sent."""

from marketbus.apps.config import Config
from marketbus.apps.config.alert_targets import notifiers
from marketbus.ports.gateway import Probe


def alerts(config: Config) -> list[Probe]:
    """One line for all targets; their urls were looked at when the configuration was read."""
    if not config.alerts.to:
        return [Probe("alerts", True, "none configured, see docs/alerts.md")]
    named = [
        f"{notifier.name} (from {target.severity}{', ' + ' '.join(target.gateways) if target.gateways else ''})"
        for notifier, target in zip(notifiers(config), config.alerts.to, strict=True)
    ]
    return [Probe("alerts", True, f"{', '.join(named)}; `marketbus alerts test` sends each a message")]
