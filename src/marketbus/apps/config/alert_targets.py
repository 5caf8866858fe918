"""The targets of `[alerts]`, ready to be sent to."""

from collections.abc import Sequence
from typing import Protocol

from marketbus.apps.config.model import Alerts
from marketbus.domain.errors import ConfigError
from marketbus.ports.notifier import Notifier


class _Config(Protocol):
    @property
    def alerts(self) -> Alerts: ...

    def alert_urls(self) -> list[str]: ...


def notifiers(config: _Config) -> Sequence[Notifier]:
    """One for each of `alerts.to`. apprise is imported only if there is one: it takes a second and 20 MB.

    Raises:
        ConfigError: a secret that is not there, a url that nothing can be sent to, or no apprise.
    """
    urls = config.alert_urls()
    if not urls:
        return ()
    try:
        from marketbus.adapters.alerts.apprise_notifier import AppriseNotifier, BadTarget
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("marketbus"):
            raise
        raise ConfigError("alerts", f"{error.name} is not installed", 'pip install "marketbus[alerts]"') from None
    found: list[Notifier] = []
    for place, url in enumerate(urls):
        try:
            found.append(AppriseNotifier(url, place))
        except BadTarget as error:
            raise ConfigError(f"alerts.to[{place}].url", str(error)) from None
    return found
