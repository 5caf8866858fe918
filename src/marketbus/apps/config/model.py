"""The sections of `marketbus.toml`, their keys, types and defaults."""

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from marketbus.apps import plugins
from marketbus.apps.config.secret import EnvRef, FileRef, conceal
from marketbus.domain.errors import SymbolError
from marketbus.domain.instrument import Pattern
from marketbus.domain.schedule import Schedule

_SCHEMES = ("nats://", "tls://", "ws://", "wss://")


def _one_or_more(value: object) -> object:
    """A list, or one text; from the environment a JSON list."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        return json.loads(value)
    return [value] if isinstance(value, str) else value


def _url(text: str) -> str:
    if "://" not in text:
        text = f"nats://{text}"
    if not text.startswith(_SCHEMES) or len(text.partition("://")[2]) < 1:
        raise ValueError("is not a NATS url, such as nats://127.0.0.1:4222")
    return text


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if text and not (colon and host and port.isdigit() and int(port) <= 65535):
        raise ValueError("is not HOST:PORT, such as 127.0.0.1:9870")
    return text


def _pattern(text: str) -> str:
    try:
        return Pattern(text).text
    except SymbolError as error:
        raise ValueError(str(error)) from None


def _gateway_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name):
        raise ValueError(f"{name!r} is not a gateway name (letters, digits, _ and -, at most 32)")
    return name


def _account(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name):
        raise ValueError(f"{name!r} is not an alias of an account (letters, digits, _ and -, at most 32)")
    return name


def _kind(kind: str) -> str:
    if kind not in (known := plugins.kinds()):
        raise ValueError(f"unknown kind {kind!r}{plugins.nearest(kind, known)}; known: {', '.join(known)}")
    return kind


def _secret(value: object) -> object:
    hidden = conceal(value)
    if not isinstance(hidden, SecretStr | EnvRef | FileRef):
        raise ValueError('must be text, { env = "NAME" } or { file = "PATH" }')  # noqa: TRY004 (pydantic reads ValueError)
    return hidden


def _day(value: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError(f"{value!s} is not a date, such as 2027-01-01")


def _weekday(day: date) -> date:
    if day.weekday() >= 5:
        raise ValueError(f"{day} is a {day:%A}: the exchanges never trade on weekends")
    return day


_Days = Annotated[list[Annotated[date, BeforeValidator(_day)]], BeforeValidator(_one_or_more)]
_TradingDays = Annotated[
    list[Annotated[date, BeforeValidator(_day), AfterValidator(_weekday)]], BeforeValidator(_one_or_more)
]
Secret = Annotated[Any, BeforeValidator(_secret)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)


class Nats(_Section):
    """`[nats]`; without a url an embedded server is started."""

    url: Annotated[list[Annotated[str, AfterValidator(_url)]], BeforeValidator(_one_or_more)] = Field(
        default_factory=list[str], repr=False
    )
    port: int = Field(default=4222, ge=0, le=65535)
    """Of the embedded server, on loopback; 0 takes a free one."""
    user: str | None = None
    password: Secret = None
    token: Secret = None
    creds: Path | None = None
    nkey: Path | None = None
    principal: str | None = None
    """The name of our user, where the bus has permissions; see `marketbus permits`."""
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Nats":
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.tls_key is not None and self.tls_cert is None:
            raise ValueError("tls_key needs tls_cert")
        return self


class Log(_Section):
    """`[log]`"""

    format: Literal["text", "json"] = "text"
    lang: Literal["en", "zh"] | None = None
    """None: MARKETBUS_LANG, else the machine's LANG."""
    level: Literal["debug", "info", "warning", "error"] = "info"


class Http(_Section):
    """`[http]`: health and metrics of the supervisor."""

    listen: Annotated[str, AfterValidator(_address)] = "127.0.0.1:9870"
    """`HOST:PORT`; port 0 takes a free one; empty: not served."""


class AlertTarget(_Section):
    """One of `[alerts] to`."""

    url: Secret
    """In apprise's form; holds secrets."""
    severity: Literal["info", "warning", "critical"] = "warning"
    """The least that it hears of."""
    gateways: Annotated[list[str], BeforeValidator(_one_or_more)] = Field(default_factory=list[str])
    """Empty: all."""
    lang: Literal["en", "zh", "both"] | None = None
    """None: as for all."""


class Alerts(_Section):
    """`[alerts]`: who is told of what happens."""

    to: Annotated[list[AlertTarget], BeforeValidator(_one_or_more)] = Field(default_factory=list[AlertTarget])
    lang: Literal["en", "zh", "both"] = "both"
    repeat: float = Field(default=900.0, ge=1.0)
    """Seconds in which the same trouble is not told again."""
    per_minute: float = Field(default=6.0, gt=0, le=60)
    """Messages to one target; what comes faster is summed up."""


class Calendar(_Section):
    """`[calendar]`: what the built-in holidays and trading hours do not know yet."""

    holidays: _Days = Field(default_factory=list[date])
    """More holidays; one of them makes its year a known one."""
    trading_days: _TradingDays = Field(default_factory=list[date])
    """Holidays taken back."""
    hours_file: Path | None = None
    """A table of trading hours in the form of ours; its rows win."""

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "Calendar":
        if both := sorted(set(self.holidays) & set(self.trading_days)):
            raise ValueError(f"{both[0]} stands both in holidays and in trading_days")
        return self


class Gateway(_Section):
    """`[gateway.NAME]`"""

    kind: Annotated[str, AfterValidator(_kind)]
    class_path: str = Field(default="", alias="class")
    """`package:Class`, for kind `vnpy`."""
    sdk: Literal["vendor", "lab"] = "vendor"
    native: bool = True
    """Ticks go past Python, where the kind has a way and the accelerator is there."""
    trading: bool = False
    account: Annotated[str, AfterValidator(_account)] = "main"
    """The alias under which the account's orders are told; never its number."""
    risk: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Limits of the account that differ from the defaults, see `domain.risk.limits`."""
    cancel_on_disconnect: bool = False
    """Cancel the open orders of a principal that took control of them and does not renew it."""
    accept_journal: int = Field(default=0, ge=0)
    """Position of an announced head of the order journal to go on without; names one occasion only."""
    schedule: Schedule | None = Field(default=None, validation_alias=AliasChoices("schedule", "calendar"))
    """None: what is usual for the kind."""
    subscribe: Annotated[list[Annotated[str, AfterValidator(_pattern)]], BeforeValidator(_one_or_more)] = Field(
        default_factory=list[str]
    )
    setting: Annotated[dict[str, Any], AfterValidator(conceal)] = Field(default_factory=dict[str, Any])
    setting_file: Path | None = None
    """A vnpy `connect_*.json`; keys of `setting` win."""
    connect_timeout: float = Field(default=8.0, gt=0)
    call_timeout: float = Field(default=10.0, gt=0)
    login_timeout: float = Field(default=8.0, gt=0)
    login_retry: float = Field(default=10.0, gt=0)
    stale_after: float = Field(default=5.0, ge=0.2)
    """Seconds that the line may be silent while a subscribed market is open."""


class Document(BaseSettings):
    """The whole file."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="MARKETBUS__",
        env_nested_delimiter="__",
        enable_decoding=False,
    )

    nats: Nats = Nats()
    log: Log = Log()
    http: Http = Http()
    alerts: Alerts = Alerts()
    calendar: Calendar = Calendar()
    gateway: dict[Annotated[str, AfterValidator(_gateway_name)], Gateway] = Field(default_factory=dict[str, Gateway])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: it has read the environment already, with the file's own keys at hand."""
        return (init_settings,)
