"""What a vnpy user fills in to connect."""

from collections.abc import Mapping

import msgspec

from marketbus.client.bus import Bus, connect
from marketbus.client.options import DEFAULT_URL
from marketbus.domain.errors import ConfigError

NAMES = {
    "总线地址": "url",
    "接口": "gateway",
    "账户": "account",
    "用户名": "user",
    "密码": "password",
    "NKEY文件": "nkey",
    "凭证文件": "creds",
    "CA证书": "ca",
}
"""Keys of vnpy's dictionary, and our fields."""


class Setting(msgspec.Struct, frozen=True):
    """How to reach the bus, and which gateway and account there; empty where nothing is said."""

    url: str = ""
    """Servers of one cluster, comma separated; else MARKETBUS_URL."""
    gateway: str = ""
    """The only live one, if none is named."""
    account: str = ""
    """Its name in the gateway's configuration; the only one, if none is named."""
    user: str = ""
    """Who sends: the principal, and with a password the NATS user."""
    password: str = ""
    nkey: str = ""
    """File with an NKEY seed."""
    creds: str = ""
    """NATS credentials file."""
    ca: str = ""
    """File with the certificate that the server's is signed by.

    This, the key and the user are MARKETBUS_TLS_CA's, MARKETBUS_NKEY's and MARKETBUS_PRINCIPAL's, if none are given.
    """

    @staticmethod
    def default() -> dict[str, str | int | float | bool]:
        """As vnpy shows it in its connection dialog."""
        return {key: DEFAULT_URL if field == "url" else "" for key, field in NAMES.items()}

    @classmethod
    def of(cls, given: Mapping[str, object]) -> "Setting":
        """Read vnpy's dictionary.

        Raises:
            ConfigError: a key that there is not, or a certificate or an address that is none.
        """
        for key in given:
            if key not in NAMES:
                raise ConfigError(key, "no such setting / 没有这项设置", f"there are: {'、'.join(NAMES)}")
        setting = cls(**{NAMES[key]: str(value).strip() for key, value in given.items()})
        setting.bus("")
        return setting

    def bus(self, gateway_name: str) -> Bus:
        """The bus, not yet open.

        Raises:
            ConfigError: see `of`.
        """
        return connect(
            self.url or None,
            name=f"vnpy-{gateway_name}",
            principal=self.user or None,
            user=self.user if self.password else None,
            password=self.password or None,
            nkey=self.nkey or None,
            creds=self.creds or None,
            tls_ca=self.ca or None,
        )
