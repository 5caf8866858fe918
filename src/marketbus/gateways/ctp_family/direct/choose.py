"""Whether a line's ticks may go past Python: only through an SDK that this code was written for, byte for byte."""

import hashlib
from ctypes import CDLL
from pathlib import Path
from typing import NamedTuple

from marketbus.domain.errors import GatewayError
from marketbus.gateways.ctp_family.dialect import Dialect, DirectFacts
from marketbus.gateways.ctp_family.direct import build, library
from marketbus.gateways.ctp_family.sdk import Sdk, installed
from marketbus.ports.gateway import GatewaySpec

_NOT_BUILT = "its core is not built, run `marketbus setup`"


class Place(NamedTuple):
    """Where the SDK's API comes from."""

    sdk: Path
    factory: str
    """Mangled name of CreateFtdcMdApi."""


class Direct(NamedTuple):
    """What a core is made of."""

    library: CDLL
    place: Place
    sink: object
    epoch: int


class Refused(Exception):
    """Why Python takes the ticks, in a few words."""


def choose(dialect: Dialect, sdk: Sdk, sink: object | None, epoch: int) -> Direct:
    """Load the core.

    Raises:
        Refused: something is missing or unknown.
    """
    facts = dialect.direct
    if facts is None:
        raise Refused(f"kind {dialect.kind} has none")
    if sink is None:
        raise Refused("the accelerator is not in use")
    if (why := unknown(dialect, sdk.md_library, sdk.version, simulated=sdk.simulated)) is not None:
        raise Refused(why)
    built = build.library(dialect)
    if built is None:
        raise Refused(_NOT_BUILT)
    try:
        return Direct(library.load(built), Place(sdk.md_library, facts.factory), sink, epoch)
    except GatewayError as error:
        raise Refused(error.message) from None


def outlook(dialect: Dialect, spec: GatewaySpec) -> str:
    """What `choose` will find where the accelerator is in use, without loading anything: `native`, or why not."""
    if not spec.native:
        return f"python: native = false for {spec.name}"
    facts = dialect.direct
    if facts is None:
        return f"python: kind {dialect.kind} has none"
    if spec.sdk == "vendor" and (why := _strange(facts, installed(dialect) / dialect.md_library)):
        return f"python: {why}"
    return "native" if build.library(dialect) is not None else f"python: {_NOT_BUILT}"


def unknown(dialect: Dialect, md_library: Path, version: str, *, simulated: bool) -> str | None:
    """What is not known about a native library; None when all is. The simulated one is built from the same headers."""
    facts = dialect.direct
    if facts is None or simulated:
        return None
    if version not in facts.versions:
        return f"SDK version {version} is not known"
    return _strange(facts, md_library)


def _strange(facts: DirectFacts, md_library: Path) -> str | None:
    if hashlib.sha256(md_library.read_bytes()).hexdigest() in facts.libraries:
        return None
    return f"{md_library.name} is not the one that vnpy's release {facts.headers} brings"
