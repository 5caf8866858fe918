"""Whether one gateway can work: its SDK loads, its fronts answer."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from marketbus.apps import plugins
from marketbus.apps.check.bus import reachable
from marketbus.apps.worker_environment import environment
from marketbus.domain.errors import MarketBusError
from marketbus.ports.gateway import GatewayPlugin, GatewaySpec, Probe, TakesTicksPastPython

FRONT_TIMEOUT = 3.0

# In a process of its own: an SDK may abort instead of raising. Says which native libraries came along.
_SCRIPT = """
import importlib, os, sys
names = sys.argv[1:]
folders = []
for name in names:
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        sys.exit(f"{name}: {error}")
    folders.append(os.path.dirname(os.path.abspath(getattr(module, "__file__", None) or os.devnull)))
found = set()
if os.path.exists("/proc/self/maps"):
    for line in open("/proc/self/maps"):
        path = line.rstrip().partition("/")[2]
        if os.path.basename(path).startswith("lib") and any(f"/{path}".startswith(folder + "/") for folder in folders):
            found.add("/" + path)
print(*sorted(found), sep="\\n")
"""


async def gateway(spec: GatewaySpec) -> list[Probe]:
    """Everything that can be asked without logging in."""
    plugin = plugins.plugin(spec.kind)
    label = f"gateway {spec.name}"
    probes = [await asyncio.to_thread(_sdk, plugin, spec, label)]
    if spec.sdk == "lab" and (probe := _lab(spec.kind, label)) is not None:
        probes.append(probe)
    if isinstance(plugin, TakesTicksPastPython):
        probes.append(_ticks(plugin, spec, label))
    fronts = plugin.fronts(spec)
    answers = await asyncio.gather(*(reachable(host, port, FRONT_TIMEOUT) for _, host, port in fronts))
    for (name, host, port), why in zip(fronts, answers, strict=True):
        where = name if f"{host}:{port}" in name else f"{name} {host}:{port}"
        detail = f"{where} is reachable" if why is None else f"{where}: {why}; check the address and the firewall"
        probes.append(Probe(label, why is None, detail))
    return probes


def _sdk(plugin: GatewayPlugin, spec: GatewaySpec, label: str) -> Probe:
    modules = plugin.modules(spec)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".vntrader").mkdir()
        try:
            done = subprocess.run(
                [sys.executable, "-c", _SCRIPT, *modules],
                env=environment(), cwd=folder, capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Probe(label, False, f"importing {', '.join(modules)} hangs")
    if done.returncode:
        words = done.stderr.strip().splitlines()
        what = words[-1] if words else f"import ended with {done.returncode}"
        return Probe(label, False, f"SDK: {what} ({_what_to_do(spec, what)})")
    libraries = done.stdout.split()
    return Probe(label, True, f"SDK {', '.join(libraries or modules)}")


def _ticks(plugin: TakesTicksPastPython, spec: GatewaySpec, label: str) -> Probe:
    """Whether they go past Python; they come either way."""
    try:
        return Probe(label, True, f"ticks: {plugin.ticks_path(spec)}")
    except MarketBusError as error:
        return Probe(label, True, f"ticks: python: {error.message}")


def _what_to_do(spec: GatewaySpec, words: str) -> str:
    if "cannot open shared object file" in words:
        return "installed, but its library is not found: see docs/gateways.md"
    package = spec.class_path.partition(":")[0].partition(".")[0]
    return f"pip install {package}" if package else f'pip install "marketbus[{spec.kind}]"'


def _lab(kind: str, label: str) -> Probe | None:
    """The simulated library; None for a kind whose SDK speaks to a simulated venue as to a real one."""
    from marketbus.lab import kinds
    from marketbus.lab.ctp_family import build
    from marketbus.lab.errors import LabError

    if kind not in kinds.COUNTERS:
        return None
    try:
        return Probe(label, True, f"simulated library in {build.library_dir(kinds.counter(kind))}")
    except (LabError, MarketBusError) as error:
        return Probe(label, False, " ".join(str(error).split()))
